/**
 * The network namespace: each has its own table.
 *
 * @module
 */
import type { Check } from "./check.ts";
import { type Files, readTarget, THREAD } from "./machine.ts";

/** The kernel's PROC_PID_INIT_INO. */
const INITIAL_PID_NAMESPACE = "pid:[4026531836]";

/** The network namespace and whose it is. */
export interface Namespace {
  /** Its name, such as `net:[4026531840]`; undefined if /proc is not readable. */
  readonly name: string | undefined;
  /** Whether it is that of process 1; undefined if unknown. */
  readonly isOfProcess1: boolean | undefined;
  /** Whether process 1 is the host's, not a container's; undefined if unknown. */
  readonly isHost: boolean | undefined;
}

/** Reads the network namespace of the calling thread. */
export function readNamespace(files: Files): Namespace {
  const name = readTarget(files, `${THREAD}/ns/net`);
  const first = readTarget(files, "/proc/1/ns/net");
  const processes = readTarget(files, `${THREAD}/ns/pid`);
  return {
    name,
    isOfProcess1: name === undefined || first === undefined ? undefined : name === first,
    isHost: processes === undefined ? undefined : processes === INITIAL_PID_NAMESPACE,
  };
}

/** Reports the network namespace. An empty table is reported by the check of `show`. */
export function checkNamespace(namespace: Namespace): Check {
  const { name, isOfProcess1, isHost } = namespace;
  const id = "namespace";
  const values = {
    name: name ?? null,
    of_process_1: isOfProcess1 ?? null,
    host_processes: isHost ?? null,
  };
  if (name === undefined) {
    const finding = `not checked: ${THREAD}/ns/net is not readable`;
    return { id, status: "unknown", finding, values };
  }
  const whose = isOfProcess1 === undefined
    ? "that of process 1 is not readable"
    : isOfProcess1
    ? "the same as process 1"
    : "not the same as process 1";
  const where = isHost === false ? ", in a container" : "";
  return { id, status: "ok", finding: `${name}, ${whose}${where}`, values };
}

/** Suggests where to look for virtual servers if the table is empty. */
export function suggestNamespace(namespace: Namespace): readonly string[] {
  if (namespace.isHost === false) return ["run ipvstat on the host, outside the container"];
  if (namespace.isOfProcess1 === false) return ["sudo nsenter --target 1 --net ipvstat"];
  return ["sudo lsns --type net, then sudo nsenter --target PID --net ipvstat"];
}
