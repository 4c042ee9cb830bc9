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

/** Makes `make` be called once for each name that comes. */
export function cached<Made>(make: (name: string) => Made): (name: string) => Made {
  const made = new Map<string, Made>();
  return (name) => {
    let value = made.get(name);
    if (value === undefined) made.set(name, value = make(name));
    return value;
  };
}
