/** Encodes tables, and finds lines in them. */
import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { encodeTable, type TableOptions } from "../../lib/output/table.ts";
import type { FakeSource } from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";

export function table(snapshot: Snapshot, options: Partial<TableOptions> = {}): string {
  return textOf((sink) => encodeTable(snapshot, sink, { color: false, ...options }));
}

export function lines(source: FakeSource, width?: number): string[] {
  return table(collect(source), { width }).split("\n");
}

/** The only line that contains the text. */
export function only(all: readonly string[], text: string): string {
  const found = all.filter((line) => line.includes(text));
  assert.equal(found.length, 1, `${text} in\n${all.join("\n")}`);
  return found[0]!;
}
