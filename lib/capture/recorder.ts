/**
 * Records the kernel's replies as a pcap file.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import type { Datagram, Transport } from "../netlink/transport.ts";
import { NETLINK_GENERIC } from "../netlink/uapi.ts";
import { INITIAL_CHECKSUM, updateChecksum } from "./checksum.ts";
import { COOKED_HEADER_LENGTH, writeCookedHeader } from "./packets.ts";
import { FRAME_HEADER_LENGTH, MAX_FRAME_LENGTH, pcapHeader, writeFrameHeader } from "./pcap.ts";
import {
  fileFrames,
  NETLINK_USERSOCK,
  roundEndFrame,
  roundStartFrame,
} from "./recording_frames.ts";

/** The size of the output buffer in bytes: larger than the largest frame. */
const CAPACITY = 2 * MAX_FRAME_LENGTH;

/** Writes the next bytes of the file; they are valid only during the call. */
export type WriteBytes = (bytes: Uint8Array) => void;

/**
 * Writes a recording: a pcap file of link type netlink, with times in nanoseconds, of one round for
 * each snapshot.
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
 * recorder.round(live, (source) => source.readProc("ip_vs_stats"));
 * assert(file.length === 1);
 * ```
 */
export class Recorder {
  readonly #write: WriteBytes;
  readonly #buffer = new Uint8Array(CAPACITY);
  #length = 0;
  #packets = 0;
  #checksum = INITIAL_CHECKSUM;

  /** Starts a file. `write` is called when the buffer is full, and after each round. */
  constructor(write: WriteBytes) {
    this.#write = write;
    const header = pcapHeader();
    this.#buffer.set(header);
    this.#length = header.length;
  }

  /**
   * Records a round: everything that `read` reads from the source it receives, which reads from
   * `live`. The source's time stays the same during the round. Returns what `read` returns.
   *
   * @throws {RangeError} if a datagram is larger than tools for captures accept.
   * @throws whatever `read` or the writer throws; a replay then reports the round as incomplete.
   */
  round<T>(live: Source, read: (source: Source) => T): T {
    const time = live.now();
    this.#packets = 0;
    this.#checksum = INITIAL_CHECKSUM;
    try {
      this.#add(NETLINK_USERSOCK, false, time, roundStartFrame(time));
      const result = read(this.#recordingSource(live, time));
      const end = roundEndFrame(this.#packets, this.#checksum);
      this.#add(NETLINK_USERSOCK, false, live.now(), end);
      return result;
    } finally {
      this.#flush();
    }
  }

  #recordingSource(live: Source, time: bigint): Source {
    const texts = new Map<string, string | undefined>();
    const recording = (transport: Transport) =>
      new RecordingTransport(transport, (toKernel, bytes) => {
        this.#add(NETLINK_GENERIC, toKernel, live.now(), bytes);
      });
    return {
      transport: recording(live.transport),
      second: live.second && recording(live.second),
      now: () => time,
      readProc: (name) => {
        if (texts.has(name)) return texts.get(name);
        const text = live.readProc(name);
        texts.set(name, text);
        if (text === undefined) return undefined;
        for (const frame of fileFrames(name, text)) {
          this.#add(NETLINK_USERSOCK, false, live.now(), frame);
        }
        return text;
      },
    };
  }

  #add(protocol: number, toKernel: boolean, time: bigint, bytes: Uint8Array): void {
    const length = COOKED_HEADER_LENGTH + bytes.length;
    if (length > MAX_FRAME_LENGTH) {
      throw new RangeError(
        `Cannot record a packet of ${length} bytes: the maximum is ${MAX_FRAME_LENGTH}`,
      );
    }
    if (this.#length + FRAME_HEADER_LENGTH + length > CAPACITY) this.#flush();
    const start = this.#length + FRAME_HEADER_LENGTH;
    const end = start + length;
    writeFrameHeader(this.#buffer.subarray(this.#length, start), time, length);
    const frame = this.#buffer.subarray(start, end);
    writeCookedHeader(frame, protocol, toKernel);
    frame.set(bytes, COOKED_HEADER_LENGTH);
    this.#checksum = updateChecksum(this.#checksum, frame);
    this.#packets++;
    this.#length = end;
  }

  #flush(): void {
    const length = this.#length;
    this.#length = 0;
    if (length > 0) this.#write(this.#buffer.subarray(0, length));
  }
}

/** Receives each request and each datagram in reply; the bytes are valid only during the call. */
export type PacketListener = (toKernel: boolean, bytes: Uint8Array) => void;

/** Forwards requests to another transport, and reports them and the replies to a listener. */
export class RecordingTransport implements Transport {
  readonly #transport: Transport;
  readonly #listen: PacketListener;

  /** Uses the transport without taking ownership of it. */
  constructor(transport: Transport, listen: PacketListener) {
    this.#transport = transport;
    this.#listen = listen;
  }

  /** The port of the other transport. */
  get portId(): number {
    return this.#transport.portId;
  }

  /** Sends the request on the other transport, and throws what that throws. */
  *exchange(request: Uint8Array<ArrayBuffer>): Generator<Datagram> {
    this.#listen(true, request);
    for (const datagram of this.#transport.exchange(request)) {
      this.#listen(false, datagram.bytes.subarray(0, datagram.length));
      yield datagram;
    }
  }

  /** Does nothing: the other transport stays open. */
  [Symbol.dispose](): void {}
}
