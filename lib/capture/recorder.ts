/**
 * Recording what a kernel answers.
 *
 * @module
 */
import type { Datagram, Transport } from "../netlink/transport.ts";
import { NETLINK_GENERIC } from "../netlink/uapi.ts";
import { addToChecksum, EMPTY_CHECKSUM } from "./checksum.ts";
import { endMark, NETLINK_USERSOCK, roundMark, textMarks } from "./recording_frames.ts";
import { COOKED_HEADER, writeCookedHeader } from "./packets.ts";
import { FRAME_HEADER, pcapHeader, SNAP_LENGTH, writeFrameHeader } from "./pcap.ts";
import type { Source } from "../ipvs/collect.ts";

/** Bytes gathered before they are handed on: more than the largest frame. */
const CAPACITY = 2 * SNAP_LENGTH;

/** Takes the next bytes of the file; they are its only until it returns. */
export type WriteBytes = (bytes: Uint8Array) => void;

/**
 * Writes a capture of one round after another: pcap, link type netlink, times in nanoseconds.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Recorder } from "./recorder.ts";
 *
 * const transport = { portId: 0, exchange: () => [], [Symbol.dispose]: () => {} };
 * const live = { transport, now: () => 0n, readProc: () => "text" };
 * const file: Uint8Array[] = [];
 * const recorder = new Recorder((bytes) => file.push(bytes.slice()));
 * recorder.round(live, (moment) => moment.readProc("ip_vs_stats"));
 * assert(file.length === 1);
 * ```
 */
export class Recorder {
  readonly #write: WriteBytes;
  readonly #buffer = new Uint8Array(CAPACITY);
  #length = 0;
  #packets = 0;
  #checksum = EMPTY_CHECKSUM;

  /** Begins the file; `write` is called whenever enough has come together, and after each round. */
  constructor(write: WriteBytes) {
    this.#write = write;
    const header = pcapHeader();
    this.#buffer.set(header);
    this.#length = header.length;
  }

  /**
   * Records all that `read` asks of the moment it is given, which passes it on to `live`, and returns
   * what `read` returns. Throws what `read` or the writer throws; the round then lacks the mark that
   * ends it, and so is not whole.
   */
  round<T>(live: Source, read: (moment: Source) => T): T {
    const time = live.now();
    this.#packets = 0;
    this.#checksum = EMPTY_CHECKSUM;
    try {
      this.#add(NETLINK_USERSOCK, false, time, roundMark(time));
      const result = read(this.#tee(live, time));
      this.#add(NETLINK_USERSOCK, false, live.now(), endMark(this.#packets, this.#checksum));
      return result;
    } finally {
      this.#flush();
    }
  }

  #tee(live: Source, time: bigint): Source {
    const texts = new Map<string, string | undefined>();
    const tee = (transport: Transport) =>
      new RecordingTransport(transport, (toKernel, bytes) => {
        this.#add(NETLINK_GENERIC, toKernel, live.now(), bytes);
      });
    return {
      transport: tee(live.transport),
      second: live.second && tee(live.second),
      now: () => time,
      readProc: (name) => {
        if (texts.has(name)) return texts.get(name);
        const text = live.readProc(name);
        texts.set(name, text);
        if (text === undefined) return undefined;
        for (const mark of textMarks(name, text)) {
          this.#add(NETLINK_USERSOCK, false, live.now(), mark);
        }
        return text;
      },
    };
  }

  #add(protocol: number, toKernel: boolean, time: bigint, bytes: Uint8Array): void {
    const length = COOKED_HEADER + bytes.length;
    if (length > SNAP_LENGTH) {
      throw new RangeError(`Cannot record a packet of ${length} bytes: at most ${SNAP_LENGTH}`);
    }
    if (this.#length + FRAME_HEADER + length > CAPACITY) this.#flush();
    const start = this.#length + FRAME_HEADER;
    const end = start + length;
    writeFrameHeader(this.#buffer.subarray(this.#length, start), time, length);
    const frame = this.#buffer.subarray(start, end);
    writeCookedHeader(frame, protocol, toKernel);
    frame.set(bytes, COOKED_HEADER);
    this.#checksum = addToChecksum(this.#checksum, frame);
    this.#packets++;
    this.#length = end;
  }

  #flush(): void {
    const length = this.#length;
    this.#length = 0;
    if (length > 0) this.#write(this.#buffer.subarray(0, length));
  }
}

/** Is told of each request and each datagram that passes; the bytes are valid during the call. */
export type PacketListener = (toKernel: boolean, bytes: Uint8Array) => void;

/** Passes requests and answers on, and tells a listener of both. */
export class RecordingTransport implements Transport {
  readonly #transport: Transport;
  readonly #listen: PacketListener;

  /** Listens to a transport, without taking ownership of it. */
  constructor(transport: Transport, listen: PacketListener) {
    this.#transport = transport;
    this.#listen = listen;
  }

  /** The port of the transport that it listens to. */
  get portId(): number {
    return this.#transport.portId;
  }

  /** Exchanges as the transport does that it listens to, and throws what that throws. */
  *exchange(request: Uint8Array<ArrayBuffer>): Generator<Datagram> {
    this.#listen(true, request);
    for (const datagram of this.#transport.exchange(request)) {
      this.#listen(false, datagram.bytes.subarray(0, datagram.length));
      yield datagram;
    }
  }

  /** Leaves the transport open that it listens to. */
  [Symbol.dispose](): void {}
}
