/**
 * The labels of many servers in one buffer: the same labels are on each of some twenty metrics.
 *
 * @module
 */
import { ByteWriter } from "./byte_writer.ts";

/** The labels of servers, by index. */
export class LabelBuffer {
  readonly #bytes: Uint8Array;
  readonly #ends: number[] = [0];

  /** Formats the labels of all servers; `write` calls `next` after each server. */
  constructor(write: (out: ByteWriter, next: () => void) => void) {
    const chunks: Uint8Array[] = [];
    const out = new ByteWriter((chunk) => chunks.push(chunk.slice()));
    write(out, () => this.#ends.push(out.position));
    out.flush();
    this.#bytes = new Uint8Array(out.position);
    let at = 0;
    for (const chunk of chunks) {
      this.#bytes.set(chunk, at);
      at += chunk.length;
    }
  }

  /** Copies the labels of the server at an index. */
  write(out: ByteWriter, index: number): void {
    out.raw(this.#bytes, this.#ends[index], this.#ends[index + 1]);
  }

  /** The labels of the server at an index, to be copied many times. */
  at(index: number): Uint8Array {
    return this.#bytes.subarray(this.#ends[index], this.#ends[index + 1]);
  }
}
