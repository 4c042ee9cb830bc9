/**
 * Explains why a network namespace cannot be read.
 *
 * @module
 */
import { ENOENT, isPermissionDenied, type NamespaceError } from "../netlink/errors.ts";
import { explainRefusal, type MissingCapability, SYS_ADMIN, SYS_PTRACE } from "./capability.ts";
import type { Files } from "./machine.ts";

/** Why a namespace cannot be read, and what to do. */
export interface NamespaceRefusal {
  /** Whether the kernel does not permit it. */
  readonly isRefused: boolean;
  /** What failed, in one line. */
  readonly line: string;
  /** A command or an advice; undefined if there is none. */
  readonly hint?: string;
}

/** Explains an error. */
export function explainNamespace(error: NamespaceError, files: Files): NamespaceRefusal {
  const { namespace, step } = error;
  if (isPermissionDenied(error)) return { isRefused: true, ...explainDenial(error, files) };
  if (step !== "open" || error.errno !== ENOENT) return { isRefused: false, line: error.message };
  if (/^\d+$/.test(namespace)) {
    return {
      isRefused: false,
      line: `Cannot read the network namespace of process ${namespace}: it does not exist`,
      hint: `for a name that is a number, use --netns /run/netns/${namespace}`,
    };
  }
  if (namespace.includes("/")) {
    return { isRefused: false, line: `There is no network namespace ${namespace}` };
  }
  return {
    isRefused: false,
    line: `There is no network namespace "${namespace}" in /run/netns or /var/run/docker/netns`,
    hint: "try: ip netns list, or use the process ID of a container",
  };
}

function explainDenial({ namespace, step, note }: NamespaceError, files: Files) {
  if (step === "setns") {
    const line = `Not permitted to enter network namespace ${namespace}`;
    return withCapability(line, explainRefusal(files, SYS_ADMIN));
  }
  if (step === "list" || /^\d+$|^\/proc\//.test(namespace)) {
    const what = step === "list"
      ? `the network namespaces ${note}`
      : `network namespace ${namespace}`;
    return withCapability(`Not permitted to open ${what}`, explainRefusal(files, SYS_PTRACE));
  }
  const line = `Not permitted to open network namespace ${namespace}: its file is not readable`;
  return { line, hint: "try: sudo ipvstat" };
}

function withCapability(line: string, { finding, fix }: MissingCapability) {
  return { line: `${line}: ${finding}`, hint: `try: ${fix[0]}` };
}
