/**
 * `ipvstat doctor`: diagnoses access problems and suggests fixes.
 *
 * @module
 */
import { examine, type Outcome, reportJson, reportText } from "../doctor/report.ts";
import type { Machine } from "../doctor/machine.ts";
import { type Sink, utf8 } from "../output/byte_writer.ts";
import type { Consistency } from "../ipvs/snapshot.ts";
import { VERSION } from "../version.ts";
import type { DoctorFormat } from "./options.ts";

/** The form of the report, and what determines its exit code. */
export interface DoctorOptions {
  /** `table` is text for people. */
  readonly format: DoctorFormat;
  /** Whether to use colours. */
  readonly color: boolean;
  /** The exit code and the message of `show` for an error. */
  explain(error: unknown): Promise<Outcome>;
  /** The exit code of `show` for a snapshot. */
  verdict(consistency: Consistency): number;
}

/** Examines the machine, writes the report, and returns the exit code of `show`. */
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
