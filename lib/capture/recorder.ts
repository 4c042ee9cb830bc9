/**
 * Records the kernel's replies as a pcap file.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import type { Datagram, Transport } from "../netlink/transport.ts";
import { RecordingWriter, type WriteBytes } from "./recording_writer.ts";

export type { WriteBytes } from "./recording_writer.ts";

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
  readonly #writer: RecordingWriter;

  /** Starts a file. `write` is called when the buffer is full, and after each round. */
  constructor(write: WriteBytes) {
    this.#writer = new RecordingWriter(write);
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
    try {
      this.#writer.startRound(time);
      const result = read(this.#recordingSource(live, time));
      this.#writer.endRound(live.now());
      return result;
    } finally {
      this.#writer.flush();
    }
  }

  #recordingSource(live: Source, time: bigint): Source {
    const texts = new Map<string, string | undefined>();
    const recording = (transport: Transport) =>
      new RecordingTransport(transport, (toKernel, bytes) => {
        this.#writer.addPacket(toKernel, live.now(), bytes);
      });
    return {
      transport: recording(live.transport),
      second: live.second && recording(live.second),
      now: () => time,
      readProc: (name) => {
        if (texts.has(name)) return texts.get(name);
        const text = live.readProc(name);
        texts.set(name, text);
        if (text !== undefined) this.#writer.addFile(name, live.now(), text);
        return text;
      },
    };
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
