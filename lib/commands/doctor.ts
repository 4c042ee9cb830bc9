/**
 * `ipvstat doctor`: diagnoses access problems and suggests fixes.
 *
 * @module
 */
import {
  examine,
  type NamespaceReport,
  namespacesJson,
  namespacesText,
  type Outcome,
  type Report,
  reportJson,
  reportText,
} from "../doctor/report.ts";
import type { Files, Machine } from "../doctor/machine.ts";
import { NamespaceError } from "../netlink/errors.ts";
import { type Sink, utf8 } from "../output/byte_writer.ts";
import type { Consistency } from "../ipvs/snapshot.ts";
import { VERSION } from "../version.ts";
import { DONE } from "./exit_codes.ts";
import {
  type FoundNamespaces,
  hasVanished,
  type NamespaceEnvironment,
  type NamespaceSource,
} from "./namespaces.ts";
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
  verdict(consistency: Consistency, netns?: string): number;
}

/** Examines the machine, writes the report, and returns the exit code of `show`. */
export async function doctor(
  machine: Machine,
  sink: Sink,
  options: DoctorOptions,
): Promise<number> {
  const report = await examineFor(options, machine);
  const text = options.format === "json"
    ? reportJson(report, VERSION)
    : reportText(report, options.color);
  sink(utf8(text));
  return report.exitCode;
}

/** A network namespace that can be examined. */
export interface NamespaceMachine extends NamespaceSource {
  /**
   * Opens it for the files and links that this thread has in it.
   *
   * @throws {NamespaceError} if it cannot be opened.
   */
  openFiles(): Files & Disposable;
}

/** How to examine network namespaces. */
export interface NamespaceDoctorOptions extends DoctorOptions {
  /** Reports why a namespace cannot be entered; returns its exit code. */
  readonly report: NamespaceEnvironment["report"];
}

/**
 * Examines network namespaces, and writes a report on each that can be entered. Returns the first
 * exit code of `show` in them, or of a failure to enter one, that is not 0.
 */
export async function doctorNamespaces(
  { sources, failures }: FoundNamespaces<NamespaceMachine>,
  sink: Sink,
  options: NamespaceDoctorOptions,
): Promise<number> {
  const reports: NamespaceReport[] = [];
  const codes: number[] = [];
  for (const error of failures) codes.push(await options.report(error, error.namespace));
  for (const source of sources) {
    try {
      const report = await examineNamespace(source, options);
      reports.push(report);
      codes.push(report.exitCode);
    } catch (error) {
      if (!(error instanceof NamespaceError)) throw error;
      if (!hasVanished(source, error)) codes.push(await options.report(error, source.label));
    }
  }
  const text = options.format === "json"
    ? namespacesJson(reports, VERSION)
    : namespacesText(reports, options.color);
  sink(utf8(text));
  return codes.find((code) => code !== DONE) ?? DONE;
}

async function examineNamespace(
  { label: netns, open, openFiles }: NamespaceMachine,
  options: DoctorOptions,
): Promise<NamespaceReport> {
  using files = openFiles();
  const { readFile, readLink } = files;
  return { netns, ...await examineFor(options, { readFile, readLink, openSource: open }, netns) };
}

/** Examines a machine; the verdict names its network namespace. */
function examineFor(options: DoctorOptions, machine: Machine, netns?: string): Promise<Report> {
  return examine(
    machine,
    async ({ snapshot, error }) =>
      snapshot === undefined
        ? await options.explain(error)
        : { code: options.verdict(snapshot.consistency, netns), line: "" },
  );
}
