/**
 * The composition root: gives a command its source and its output, and turns what goes wrong into
 * an exit code and one line that says what to do.
 *
 * @module
 */
import { openLive } from "./ffi/live_source.ts";
import { readFile, readLink } from "./ffi/proc_file.ts";
import { standardOutputProblem } from "./ffi/standard_output.ts";
import {
  DONE,
  FAILED,
  INCONSISTENT,
  NO_IPVS,
  NOT_PERMITTED,
  WRONG_USAGE,
} from "./lib/commands/exit_codes.ts";
import type { DoctorFormat, Format, Shell } from "./lib/commands/options.ts";
import { say, sayInDetail } from "./lib/commands/messages.ts";
import { ClosedPipeError, type Output, standardOutput, WriteError } from "./lib/commands/output.ts";
import { type Arguments, bytesOf, parseArguments, UsageError } from "./lib/commands/parse.ts";
import type { Source } from "./lib/ipvs/collect.ts";
import type { Consistency } from "./lib/ipvs/snapshot.ts";
import { isMissingFamily, isRefusal, NetlinkError } from "./lib/netlink/errors.ts";
import { COMMIT, VERSION } from "./lib/version.ts";

const DEMO = new URL("./testdata/demo/capture.pcap", import.meta.url);

/** Runs a command line; returns the exit code. */
async function main(words: readonly string[]): Promise<number> {
  try {
    return await run(parseArguments(words));
  } catch (error) {
    if (error instanceof ClosedPipeError) return DONE;
    const { code, line } = await explain(error);
    say(line);
    if (words.includes("--debug")) sayInDetail(error);
    return code;
  }
}

async function run(args: Arguments): Promise<number> {
  if (args.options.has("version")) return print(versionText());
  const [operand] = args.operands;
  switch (args.command) {
    case "help":
      return print((await import("./lib/commands/help.ts")).helpText(operand));
    case "record":
      return await runRecord(args);
    case "doctor":
      return await runDoctor(args);
    case "schema":
      return print((await import("./lib/commands/schema.ts")).schemaText());
    case "completions":
      return print((await import("./lib/commands/completions.ts")).completions(operand as Shell));
    case "man":
      return print((await import("./lib/commands/man_page.ts")).manPage());
    default:
      return await runShow(args);
  }
}

function print(text: string): number {
  using output = openStandardOutput();
  output.sink(new TextEncoder().encode(text));
  return DONE;
}

function versionText(): string {
  const { deno, v8 } = Deno.version;
  const { target } = Deno.build;
  return `ipvstat ${VERSION}\ncommit ${COMMIT}\nDeno ${deno}\nV8 ${v8}\ntarget ${target}\n`;
}

function openStandardOutput(): Output {
  // Replays and the help do without the permission.
  const mayAsk = Deno.permissions.querySync({ name: "ffi" }).state === "granted";
  const reason = mayAsk ? standardOutputProblem() : undefined;
  if (reason !== undefined) throw new WriteError(`Cannot write standard output: ${reason}`);
  return standardOutput();
}

/** Standard output is what nothing and `-` name. */
async function openOutput(file = "-"): Promise<Output> {
  if (file === "-") return openStandardOutput();
  return new (await import("./lib/commands/output_file.ts")).OutputFile(file);
}

async function runShow(args: Arguments): Promise<number> {
  const { show } = await import("./lib/commands/show.ts");
  using output = await openOutput(args.options.get("output-file"));
  using source = await openSource(args);
  const snapshot = await show(source, output.sink, {
    format: (args.options.get("output") ?? "table") as Format,
    extended: args.options.has("extended"),
    color: output.color,
  }).catch((error) => {
    throw source.explain?.(error) ?? error;
  });
  output.commit();
  if (args.options.has("debug")) {
    say(`${snapshot.unknownAttributes} unknown attributes skipped`);
    if (source.foreign) say(`${source.foreign} datagrams of other processes dropped`);
  }
  return verdict(snapshot.consistency);
}

async function runRecord(args: Arguments): Promise<number> {
  const { record } = await import("./lib/commands/record.ts");
  using output = await openOutput(args.operands[0]);
  using source = openLive();
  const consistency = await record(source, output.sink, {
    rounds: Number(args.options.get("rounds") ?? "1"),
    interval: Number(args.options.get("interval") ?? "2"),
  });
  output.commit();
  return verdict(consistency);
}

async function runDoctor(args: Arguments): Promise<number> {
  const { doctor } = await import("./lib/commands/doctor.ts");
  using output = await openOutput(args.options.get("output-file"));
  const machine = { readFile, readLink, openSource: openLive };
  const code = await doctor(machine, output.sink, {
    format: (args.options.get("output") ?? "table") as DoctorFormat,
    color: output.color,
    explain,
    verdict,
  });
  output.commit();
  return code;
}

/** Says on standard error what could not be made consistent. */
function verdict({ doubts }: Consistency): number {
  if (doubts.length === 0) return DONE;
  const more = doubts.length > 1 ? ` (and ${doubts.length - 1} more such)` : "";
  say(`The table kept changing while it was read; ${doubts[0]}${more}`);
  return INCONSISTENT;
}

interface DisposableSource extends Source, Disposable {
  /** How many datagrams it dropped, where it may have to. */
  readonly foreign?: number;
  /** What an error of reading it means, where it is not the kernel's that runs here. */
  explain?(error: unknown): unknown;
}

async function openSource(args: Arguments): Promise<DisposableSource> {
  const round = args.options.get("round");
  const maxSize = args.options.get("max-size");
  const file = args.options.get("replay");
  const demo = args.options.has("demo");
  if (file !== undefined && demo) throw new UsageError("--replay and --demo exclude each other");
  if (file === undefined && !demo) {
    if (round !== undefined) throw new UsageError("--round goes with --replay");
    if (maxSize !== undefined) throw new UsageError("--max-size goes with --replay");
    return openLive();
  }
  const { openReplay } = await import("./lib/commands/replay.ts");
  return openReplay(file ?? DEMO, {
    round: round === undefined ? undefined : Number(round),
    maxSize: maxSize === undefined ? undefined : bytesOf(maxSize),
  });
}

/** The exit code of an error, and what to say. */
async function explain(error: unknown): Promise<{ code: number; line: string }> {
  if (error instanceof UsageError) return { code: WRONG_USAGE, line: error.message };
  if (error instanceof NetlinkError) return await explainNetlink(error);
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Deno.errors.NotCapable) return { code: NOT_PERMITTED, line: message };
  if (/^Could not open library/.test(message)) {
    return { code: FAILED, line: "Cannot open libc.so.6: this program needs glibc" };
  }
  return { code: FAILED, line: message };
}

async function explainNetlink(error: NetlinkError): Promise<{ code: number; line: string }> {
  if (isMissingFamily(error)) {
    return {
      code: NO_IPVS,
      line: "IPVS is not there: the kernel has no ip_vs; load it with: modprobe ip_vs",
    };
  }
  if (isRefusal(error)) {
    const { explainRefusal } = await import("./lib/doctor/capability.ts");
    const { finding, fix } = explainRefusal({ readFile, readLink });
    return {
      code: NOT_PERMITTED,
      line: `Not permitted to read IPVS: ${finding}; try: ${fix[0]}`,
    };
  }
  return { code: FAILED, line: error.message };
}

if (import.meta.main) Deno.exit(await main(Deno.args));
