/**
 * `ipvstat stream -o netdata` as a plugin of netdata: its interval, and what netdata expects if a
 * reading fails.
 *
 * @module
 */
import { snapshotList } from "../ipvs/snapshot.ts";
import { isPermissionDenied } from "../netlink/errors.ts";
import { type Sink, utf8 } from "../output/byte_writer.ts";
import { netdataEncoder, type NetdataOptions } from "../output/netdata.ts";
import { DONE } from "./exit_codes.ts";
import type { Encode } from "./show.ts";
import { checkValue, parseSeconds } from "./values.ts";

/** The environment variable with netdata's shortest interval. */
const VARIABLE = "NETDATA_UPDATE_EVERY";

/**
 * The seconds between two readings: the argument that netdata passes, but not less than netdata's
 * shortest interval. Undefined if neither is given.
 *
 * @throws {UsageError} if the variable is not a number of seconds.
 */
export function netdataInterval(argument: string | undefined): string | undefined {
  const shortest = readVariable();
  if (shortest === undefined) return argument;
  checkValue({ name: "SECONDS", values: "seconds" }, shortest, VARIABLE);
  const isShorter = argument === undefined || parseSeconds(argument) < parseSeconds(shortest);
  return isShorter ? shortest : argument;
}

/** Undefined if it is not set, or if the program may not read it. */
function readVariable(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: VARIABLE });
  return state === "granted" ? Deno.env.get(VARIABLE) : undefined;
}

/** How a stream to netdata encodes a reading, and how it reports one that failed. */
export interface NetdataPlugin {
  readonly encode: Encode;
  /** Reports a failed reading; returns its exit code. */
  readonly report: (error: unknown) => Promise<number>;
}

/**
 * Creates a plugin. If the kernel refuses, it tells netdata not to start it again. After any other
 * failure, such as that ip_vs is not loaded, it sends an empty line: netdata restarts plugins that
 * are silent for two minutes, and the line also shows whether netdata still exists. Repetitions of a
 * failure are not reported, as netdata logs them all.
 */
export function netdataPlugin(
  sink: Sink,
  options: NetdataOptions & { readonly report: NetdataPlugin["report"] },
): NetdataPlugin {
  const encode = netdataEncoder(options);
  let lastMessage: string | undefined, lastCode = DONE;
  return {
    encode(snapshots, sink) {
      lastMessage = undefined;
      for (const snapshot of snapshotList(snapshots)) encode(snapshot, sink);
    },
    async report(error) {
      if (isPermissionDenied(error)) {
        const code = await options.report(error);
        // netdata may end the plugin as soon as it reads this.
        sink(utf8("DISABLE\n"));
        return code;
      }
      sink(utf8("\n"));
      const message = String(error);
      if (message !== lastMessage) lastCode = await options.report(error);
      lastMessage = message;
      return lastCode;
    },
  };
}
