/**
 * What the encoders have in common: the catalogue as columns of ready-made bytes, and the writing
 * of values and addresses from a record.
 *
 * @module
 */
import { addressText } from "../ipvs/names.ts";
import type { RecordCursor } from "../ipvs/records.ts";
import { AF_INET } from "../ipvs/uapi.ts";
import type { Metric, Place } from "../metrics/catalogue.ts";
import { type ByteWriter, utf8 } from "./byte_writer.ts";

/** A metric of one scope: what stands before its value, and where the value is. */
export interface Column extends Place {
  readonly before: Uint8Array;
}

/** Makes columns of the metrics that a scope has. */
export function columns(
  metrics: readonly Metric[],
  scope: "virtual" | "real",
  before: (metric: Metric, index: number) => string,
): Column[] {
  return metrics.filter((metric) => metric[scope] !== undefined).map((metric, index) => ({
    ...metric[scope]!,
    before: utf8(before(metric, index)),
  }));
}

/** Writes the exact digits of a record's value. */
export function writeValue(out: ByteWriter, record: RecordCursor, place: Place): void {
  if (place.wide) out.u64(record.get(place.slot), record.get(place.slot + 1));
  else out.u32(record.get(place.slot));
}

/** Writes an address of either family, without brackets, from the first of its slots. */
export function writeAddress(
  out: ByteWriter,
  record: RecordCursor,
  family: number,
  slot: number,
): void {
  if (family === AF_INET) out.ipv4(record.get(slot));
  else out.text(addressText(family, (i) => record.get(slot + i)));
}

/** Remembers some slots of the last record, so that what was made of them is made once. */
export class LastSlots {
  readonly #slots: readonly number[];
  readonly #values: Uint32Array;
  #any = false;

  /** Remembers these slots. */
  constructor(slots: readonly number[]) {
    this.#slots = slots;
    this.#values = new Uint32Array(slots.length);
  }

  /** Whether a record has the same in them as the one before, and there was one. */
  sameAs(record: RecordCursor): boolean {
    let same = this.#any;
    this.#any = true;
    for (let i = 0; i < this.#slots.length; i++) {
      const value = record.get(this.#slots[i]!);
      if (value === this.#values[i]) continue;
      this.#values[i] = value;
      same = false;
    }
    return same;
  }
}
