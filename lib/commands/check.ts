/**
 * `ipvstat check`: a monitoring plugin.
 *
 * @module
 */
import { type CheckOptions, checkSnapshot, NOTHING } from "../check/check.ts";
import type { SyncRole } from "../check/namespace.ts";
import { pluginOutput } from "../check/plugin_output.ts";
import { type CheckResult, STATUSES, worstStatus } from "../check/result.ts";
import { DEFAULT_CRITICAL, type Minimum } from "../check/usable.ts";
import { collect, type Source } from "../ipvs/collect.ts";
import { isMissingFamily, NetlinkError } from "../netlink/errors.ts";
import { type Sink, utf8 } from "../output/byte_writer.ts";
import type { Selection } from "../query/selection.ts";
import { readExpectation } from "./configuration_input.ts";
import type { Arguments } from "./parse.ts";
import { parseQuery, type Query } from "./query.ts";
import { readSnapshot, type ShowSource } from "./show.ts";
import { UsageError } from "./usage_error.ts";
import { secondsOf, sizeOf } from "./values.ts";

/** Opens the source to check. */
export type OpenSource = () => Promise<PluginSource>;

interface PluginSource extends ShowSource, Disposable {
  /** Translates an error of a source that is not the running kernel. */
  explain?(error: unknown): unknown;
}

/**
 * Checks and writes the result; returns the exit code of a plugin, 0 to 3.
 *
 * @throws {UsageError} if an option cannot be parsed.
 * @throws {CaptureFileError} if a file cannot be read.
 * @throws {NetlinkError} if the kernel refuses.
 * @throws {DecodeError} if the kernel's reply is malformed.
 */
export async function check(args: Arguments, sink: Sink, open: OpenSource): Promise<number> {
  const query = await parseQuery(args);
  const options = parseOptions(args, query);
  const result = await checkSource(args, { query, options, open });
  sink(utf8(pluginOutput(result)));
  return STATUSES.indexOf(worstStatus(result.problems));
}

async function checkSource(
  args: Arguments,
  { query, options, open }: { query: Query; options: CheckOptions; open: OpenSource },
): Promise<CheckResult> {
  let source: PluginSource | undefined;
  try {
    source = await open();
    const identities = options.none ? undefined : query.identities(source);
    const read = (from: Source) => collect(from, identities);
    const snapshot = await readSnapshot(source, secondsOf(args.options, "rates"), read);
    return checkSnapshot(query.addNames(snapshot), options);
  } catch (error) {
    if (options.none && error instanceof NetlinkError && isMissingFamily(error)) {
      return { summary: `${NOTHING}: ip_vs is not loaded`, problems: [], data: [] };
    }
    throw source?.explain?.(error) ?? error;
  } finally {
    source?.[Symbol.dispose]();
  }
}

function parseOptions(args: Arguments, { selection }: Query): CheckOptions {
  const { options, lists } = args;
  const minimum = (name: string) => {
    const text = options.get(name);
    return text === undefined ? undefined : parseMinimum(text, `--${name}`);
  };
  return {
    selection,
    usable: {
      warning: minimum("warning-usable"),
      critical: minimum("critical-usable") ?? DEFAULT_CRITICAL,
    },
    expected: expectationOf(args, selection),
    sync: options.get("sync") as SyncRole | undefined,
    uneven: unevenOf(args),
    ignored: lists.get("ignore") ?? [],
    none: options.has("none"),
  };
}

function parseMinimum(text: string, option: string): Minimum {
  const [, digits = "", unit = ""] = /^([1-9]\d{0,5})(%?)$/.exec(text) ?? [];
  const value = Number(digits);
  if (value > 0 && (unit === "" || value <= 100)) return { value, unit: unit as Minimum["unit"] };
  throw new UsageError(`Invalid MIN "${text}" for ${option}: use a number such as 2, or 50%`);
}

function unevenOf({ options }: Arguments): number | undefined {
  const text = options.get("uneven");
  if (text === undefined) return undefined;
  const [, digits] = /^(\d{1,3}(?:\.\d+)?)%?$/.exec(text) ?? [];
  if (digits !== undefined && Number(digits) <= 100) return Number(digits);
  throw new UsageError(`Invalid PERCENT "${text}" for --uneven: use one such as 20%, at most 100%`);
}

function expectationOf(
  { options }: Arguments,
  selection: Selection,
): CheckOptions["expected"] {
  const file = options.get("expect");
  if (file === undefined) return undefined;
  if (file === "-" && options.get("replay") === "-") {
    throw new UsageError("Options --expect and --replay cannot both read standard input");
  }
  const expectation = readExpectation(file, { maxSize: sizeOf(options, "max-size") });
  if (expectation.kind === "names" && !selection.isEverything) {
    throw new UsageError("A names file cannot be combined with options that select servers");
  }
  return expectation;
}
