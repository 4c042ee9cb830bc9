/**
 * Reads the source that the command line names: netlink, /proc, or what is permitted.
 *
 * @module
 */
import { collect, type Source } from "../ipvs/collect.ts";
import { collectProc } from "../ipvs/collect_proc.ts";
import type { ServiceIdentity } from "../ipvs/service_identity.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { isPermissionDenied } from "../netlink/errors.ts";
import { printMessage } from "./messages.ts";
import type { Arguments } from "./parse.ts";
import { UsageError } from "./usage_error.ts";

/** Collects a snapshot, of the given virtual servers if netlink is asked. */
export type Collect = (source: Source, only?: readonly ServiceIdentity[]) => Snapshot;

/**
 * How to collect for a value of `--source`; undefined for the default.
 *
 * @throws {UsageError} if a recording is to be read, which has its own source.
 */
export function collectorOf({ options }: Arguments): Collect | undefined {
  const name = options.get("source");
  if (name === undefined || name === "netlink") return undefined;
  const capture = ["replay", "demo"].find((option) => options.has(option));
  if (capture !== undefined) {
    throw new UsageError(`Options --source ${name} and --${capture} cannot be combined`);
  }
  return name === "proc" ? collectProc : new PermittedCollector().collect;
}

/** Reads netlink until the kernel refuses, and /proc from then on. */
class PermittedCollector {
  #isRefused = false;

  /** Collects a snapshot; reports the refusal once. */
  readonly collect: Collect = (source, only) => {
    if (this.#isRefused) return collectProc(source);
    try {
      return collect(source, only);
    } catch (error) {
      if (!isPermissionDenied(error)) throw error;
      this.#isRefused = true;
      printMessage("Not permitted to read netlink; reading /proc/net/ip_vs, which has no counters");
      return collectProc(source);
    }
  };
}
