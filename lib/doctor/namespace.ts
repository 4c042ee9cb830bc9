/**
 * The network namespace, each of which has a table of its own.
 *
 * @module
 */
import type { Check } from "./check.ts";
import { type Files, readTarget, THREAD } from "./machine.ts";

/** The kernel's PROC_PID_INIT_INO. */
const INITIAL_PID_NAMESPACE = "pid:[4026531836]";

/** Whose network namespace this is. */
export interface Namespace {
  /** Its name, such as `net:[4026531840]`; undefined where /proc does not tell. */
  readonly name: string | undefined;
  /** Whether it is that of process 1; undefined where that is not to be seen. */
  readonly isOfProcess1: boolean | undefined;
  /** Whether process 1 is the machine's own, and not a container's. */
  readonly isHost: boolean | undefined;
}

/** Reads it of the calling thread. */
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

/** Tells the namespace; that a table is empty is said elsewhere. */
export function checkNamespace(namespace: Namespace): Check {
  const { name, isOfProcess1, isHost } = namespace;
  const id = "namespace";
  const values = {
    name: name ?? null,
    of_process_1: isOfProcess1 ?? null,
    host_processes: isHost ?? null,
  };
  if (name === undefined) {
    const finding = "cannot be told, as /proc does not tell";
    return { id, status: "unknown", finding, values };
  }
  const whose = isOfProcess1 === undefined
    ? "process 1 does not show its own"
    : isOfProcess1
    ? "that of process 1"
    : "not that of process 1";
  const where = isHost === false ? ", in a container" : "";
  return { id, status: "ok", finding: `${name}, ${whose}${where}`, values };
}

/** Where to look for virtual servers, if here are none. */
export function elsewhere(namespace: Namespace): readonly string[] {
  if (namespace.isHost === false) return ["run ipvstat on the host, outside of the container"];
  if (namespace.isOfProcess1 === false) return ["sudo nsenter --target 1 --net ipvstat"];
  return ["sudo lsns --type net, and then sudo nsenter --target PID --net ipvstat"];
}
