/**
 * The shares of real servers as members of JSON objects.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { SHARE_METRICS, SharesByOwner } from "../metrics/shares.ts";
import { type ByteWriter, utf8 } from "./byte_writer.ts";

const DECIMALS = 6;
const NULL = utf8("null");

/** Writes the shares of the real servers of one virtual server after the other. */
export class ShareWriter {
  readonly #out: ByteWriter;
  readonly #members = SHARE_METRICS.map(({ name, read }) => ({
    before: utf8(`,"${name}":`),
    read,
  }));
  readonly #shares = new SharesByOwner();

  /** Writes to `out`. */
  constructor(out: ByteWriter) {
    this.#out = out;
  }

  /** Writes the shares of a real server of a virtual server. */
  write(virtual: VirtualServer, real: RealServer): void {
    const shares = this.#shares.of(virtual);
    for (const { before, read } of this.#members) {
      const value = read(shares, real);
      this.#out.raw(before);
      if (value === null) this.#out.raw(NULL);
      else this.#out.fraction(value, DECIMALS);
    }
  }
}
