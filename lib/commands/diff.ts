/**
 * `ipvstat diff`: compares two configurations.
 *
 * @module
 */
import { collect, type Source } from "../ipvs/collect.ts";
import type { Consistency } from "../ipvs/snapshot.ts";
import { type Sink, utf8 } from "../output/byte_writer.ts";
import { diffJson } from "../output/diff_json.ts";
import { diffText } from "../output/diff_text.ts";
import { compareConfigurations } from "../query/comparison.ts";
import { selectFromBoth } from "../query/select_configurations.ts";
import type { Selection } from "../query/selection.ts";
import { asSaved } from "../query/saved_rules.ts";
import {
  type ConfigurationInput,
  type InputOptions,
  readConfiguration,
} from "./configuration_input.ts";
import type { DiffFormat } from "./diff_options.ts";
import { DIFFERENT, DONE, SAME, TROUBLE } from "./exit_codes.ts";
import { printMessage } from "./messages.ts";
import type { Arguments } from "./parse.ts";
import { parseQuery } from "./query.ts";
import { UsageError } from "./usage_error.ts";
import { sizeOf } from "./values.ts";

/** What `diff` needs from the program. */
export interface DiffEnvironment {
  /** Opens the running kernel. */
  openKernel(): Source & Disposable;
  /** Whether to use colours. */
  readonly color: boolean;
  /** Reports an inconsistent snapshot; returns the exit code of `show`. */
  verdict(consistency: Consistency): number;
}

/**
 * Runs `ipvstat diff`; returns the exit code, which is {@linkcode TROUBLE} if the table kept changing
 * during a read.
 *
 * @throws {SelectionError} if a pattern cannot be parsed.
 * @throws whatever {@linkcode diff} throws.
 */
export async function startDiff(
  args: Arguments,
  sink: Sink,
  environment: DiffEnvironment,
): Promise<number> {
  const { openKernel, color, verdict } = environment;
  const [before, after] = args.operands as [string, string];
  const query = await parseQuery(args);
  const { code, inputs } = diff(sink, {
    sides: [before, after],
    format: (args.options.get("output") ?? "table") as DiffFormat,
    color,
    counters: args.options.has("counters"),
    selection: query.selection,
    maxSize: sizeOf(args.options, "max-size"),
    openKernel,
    readKernel: (source) => collect(source, query.identities(source)),
    note: printMessage,
  });
  const isConsistent = inputs.every(({ consistency }) =>
    consistency === undefined || verdict(consistency) === DONE
  );
  return isConsistent ? code : TROUBLE;
}

/** What to compare, and how to print the differences. */
export interface DiffOptions extends InputOptions {
  /** The operands. */
  readonly sides: readonly [before: string, after: string];
  readonly format: DiffFormat;
  /** Whether to use colours. */
  readonly color: boolean;
  /** Whether to compare the counters. */
  readonly counters: boolean;
  /** What to compare: what is selected on either side. */
  readonly selection: Selection;
  /** Reports a remark on standard error. */
  note(message: string): void;
}

/** The exit code, and the inputs. */
export interface DiffResult {
  /** 0 for no difference, else 1. */
  readonly code: number;
  readonly inputs: readonly [before: ConfigurationInput, after: ConfigurationInput];
}

/**
 * Reads both sides and writes the differences.
 *
 * @throws {UsageError} if both sides are standard input.
 * @throws {CaptureFileError} if a file cannot be read.
 * @throws {NetlinkError} if the kernel refuses.
 * @throws {DecodeError} if the kernel's reply is malformed.
 */
export function diff(sink: Sink, options: DiffOptions): DiffResult {
  const [first, second] = options.sides;
  if (first === "-" && second === "-") {
    throw new UsageError("Only one side can be standard input; use a file for the other one");
  }
  const inputs = [readConfiguration(first, options), readConfiguration(second, options)] as const;
  if (options.counters) noteMissingCounters(inputs, options);
  const hasRules = inputs.some(({ kind }) => kind === "rules");
  const comparable = ({ configuration }: ConfigurationInput) =>
    hasRules ? asSaved(configuration) : configuration;
  const [before, after] = selectFromBoth(
    options.selection,
    comparable(inputs[0]),
    comparable(inputs[1]),
  );
  const comparison = compareConfigurations(before, after, options);
  const text = options.format === "json"
    ? diffJson(comparison, inputs)
    : diffText(comparison, inputs, options.color);
  if (text !== "") sink(utf8(text));
  return { code: comparison.virtualServers.length === 0 ? SAME : DIFFERENT, inputs };
}

function noteMissingCounters(inputs: readonly ConfigurationInput[], { note }: DiffOptions): void {
  for (const { name, kind } of inputs) {
    if (kind === "rules") note(`Counters are not compared: ${name} has rules, which have none`);
  }
}
