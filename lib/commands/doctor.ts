/**
 * `ipvstat doctor`: what can be read and what not, why, and what mends it.
 *
 * @module
 */
import { examine, type Outcome, reportJson, reportText } from "../doctor/report.ts";
import type { Machine } from "../doctor/machine.ts";
import { type Sink, utf8 } from "../output/byte_writer.ts";
import type { Consistency } from "../ipvs/snapshot.ts";
import { VERSION } from "../version.ts";
import type { DoctorFormat } from "./options.ts";

/** How the report is to look, and how its exit code is found. */
export interface DoctorOptions {
  /** `table`: lines for people. */
  readonly format: DoctorFormat;
  /** Whether the terminal shows colours. */
  readonly color: boolean;
  /** What `show` would make of an error. */
  explain(error: unknown): Promise<Outcome>;
  /** The exit code that `show` would give a snapshot. */
  verdict(consistency: Consistency): number;
}

/** Examines the machine, writes the report, and returns the exit code that `show` would give. */
export async function doctor(
  machine: Machine,
  sink: Sink,
  options: DoctorOptions,
): Promise<number> {
  const report = await examine(
    machine,
    async ({ snapshot, error }) =>
      snapshot === undefined
        ? await options.explain(error)
        : { code: options.verdict(snapshot.consistency), line: "" },
  );
  const text = options.format === "json"
    ? reportJson(report, VERSION)
    : reportText(report, options.color);
  sink(utf8(text));
  return report.exitCode;
}
