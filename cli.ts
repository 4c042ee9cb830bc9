/**
 * The composition root: gives a command its source and its output, and turns what goes wrong into
 * an exit code and one line that says what to do.
 *
 * @module
 */
import { now } from "./ffi/clock.ts";
import { NetlinkSocket } from "./ffi/netlink_socket.ts";
import { hasProcNet, readProcNet } from "./ffi/proc_file.ts";
import { type Arguments, type Format, parseArguments, UsageError } from "./lib/commands/options.ts";
import { ClosedPipeError, sinkTo } from "./lib/commands/output.ts";
import type { Source } from "./lib/ipvs/collect.ts";
import type { Consistency } from "./lib/ipvs/snapshot.ts";
import { NetlinkError } from "./lib/netlink/errors.ts";
import { VERSION } from "./lib/version.ts";

const DONE = 0, FAILED = 1, WRONG_USAGE = 2, NO_IPVS = 3, NOT_PERMITTED = 4, INCONSISTENT = 5;

const EPERM = 1, ENOENT = 2, EACCES = 13;

const DEMO = new URL("./testdata/demo/capture.pcap", import.meta.url);

/** Runs a command line; returns the exit code. */
async function main(words: readonly string[]): Promise<number> {
  try {
    return await run(parseArguments(words));
  } catch (error) {
    if (error instanceof ClosedPipeError) return DONE;
    const { code, line } = explain(error);
    console.error(`ipvstat: ${line.replaceAll(/\s*\n\s*/g, " ")}`);
    if (words.includes("--debug")) console.error(error);
    return code;
  }
}

async function run(args: Arguments): Promise<number> {
  const sink = sinkTo(Deno.stdout, "standard output");
  const print = (text: string) => sink(new TextEncoder().encode(text));
  if (args.options.has("help")) {
    print((await import("./lib/commands/help.ts")).helpText());
    return DONE;
  }
  if (args.options.has("version")) {
    print(`ipvstat ${VERSION}\n`);
    return DONE;
  }
  switch (args.command) {
    case "record":
      return await runRecord(args);
    case "schema":
      (await import("./lib/commands/schema.ts")).schema(sink);
      return DONE;
    default:
      return await runShow(args);
  }
}

async function runShow(args: Arguments): Promise<number> {
  const { show } = await import("./lib/commands/show.ts");
  using source = await openSource(args);
  const snapshot = await show(source, sinkTo(Deno.stdout, "standard output"), {
    format: (args.options.get("output") ?? "table") as Format,
    extended: args.options.has("extended"),
    color: !Deno.noColor && Deno.stdout.isTerminal(),
  });
  if (args.options.has("debug")) {
    console.error(`ipvstat: ${snapshot.unknownAttributes} unknown attributes skipped`);
  }
  return verdict([snapshot.consistency]);
}

async function runRecord(args: Arguments): Promise<number> {
  const { record } = await import("./lib/commands/record.ts");
  const rounds = wholeNumber(args, "rounds") ?? 1;
  const interval = Number(args.options.get("interval") ?? "2");
  if (!(interval >= 0 && interval <= 86_400)) {
    throw new UsageError("--interval takes seconds, from 0 to 86400");
  }
  using source = openLive();
  return verdict(await record(source, { file: args.operands[0]!, rounds, interval }));
}

function wholeNumber(args: Arguments, name: string): number | undefined {
  const text = args.options.get(name);
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError(`--${name} takes a number from 1 on`);
  return Number(text);
}

/** Says on standard error what could not be made consistent. */
function verdict(results: readonly Consistency[]): number {
  const doubts = results.flatMap((result) => result.doubts);
  if (doubts.length === 0) return DONE;
  const more = doubts.length > 1 ? ` (and ${doubts.length - 1} more such)` : "";
  console.error(`ipvstat: The table kept changing while it was read; ${doubts[0]}${more}`);
  return INCONSISTENT;
}

type DisposableSource = Source & Disposable;

async function openSource(args: Arguments): Promise<DisposableSource> {
  const round = wholeNumber(args, "round");
  const file = args.options.get("replay");
  const demo = args.options.has("demo");
  if (file !== undefined && demo) throw new UsageError("--replay and --demo exclude each other");
  if (file === undefined && !demo) {
    if (round !== undefined) throw new UsageError("--round goes with --replay");
    return openLive();
  }
  const { openReplay } = await import("./lib/commands/replay.ts");
  return Object.assign(openReplay(file ?? DEMO, round), { [Symbol.dispose]() {} });
}

function openLive(): DisposableSource {
  // Asking for a family that is not there makes some kernels load its module. /proc tells unasked.
  if (!hasProcNet("ip_vs") && hasProcNet("netlink")) {
    throw new NetlinkError({ request: "CTRL_CMD_GETFAMILY", errno: ENOENT });
  }
  const transport = NetlinkSocket.open();
  const second = transport.sibling();
  return {
    transport,
    second,
    now,
    readProc: readProcNet,
    [Symbol.dispose]() {
      second[Symbol.dispose]();
      transport[Symbol.dispose]();
    },
  };
}

/** The exit code of an error, and what to say. */
function explain(error: unknown): { code: number; line: string } {
  if (error instanceof UsageError) return { code: WRONG_USAGE, line: error.message };
  if (error instanceof NetlinkError) return explainNetlink(error);
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Deno.errors.NotCapable) return { code: NOT_PERMITTED, line: message };
  if (/^Could not open library/.test(message)) {
    return { code: FAILED, line: "Cannot open libc.so.6: this program needs glibc" };
  }
  return { code: FAILED, line: message };
}

function explainNetlink(error: NetlinkError): { code: number; line: string } {
  if (error.request === "CTRL_CMD_GETFAMILY" && error.errno === ENOENT) {
    return {
      code: NO_IPVS,
      line: "IPVS is not there: the kernel has no ip_vs; load it with: modprobe ip_vs",
    };
  }
  if (error.errno === EPERM || error.errno === EACCES) {
    return {
      code: NOT_PERMITTED,
      line: "Not permitted to read IPVS: it takes root or CAP_NET_ADMIN, of the initial user " +
        "namespace; run it with sudo, or give the capability",
    };
  }
  return { code: FAILED, line: error.message };
}

if (import.meta.main) Deno.exit(await main(Deno.args));
