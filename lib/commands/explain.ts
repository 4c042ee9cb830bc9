/**
 * Explains an error: the exit code, what failed and what to do about it.
 *
 * @module
 */
import type { Files } from "../doctor/machine.ts";
import {
  isMissingFamily,
  isPermissionDenied,
  NamespaceError,
  NetlinkError,
} from "../netlink/errors.ts";
import { SelectionError } from "../query/selection_error.ts";
import { FAILED, NO_IPVS, NOT_PERMITTED, WRONG_USAGE } from "./exit_codes.ts";
import { UsageError } from "./usage_error.ts";

/** An exit code, the message, and what to do about it. */
export interface Explanation {
  readonly code: number;
  readonly line: string;
  readonly hint?: string;
}

/** Explains an error; `files` show which capability is missing. */
export async function explainError(error: unknown, files: Files): Promise<Explanation> {
  if (error instanceof UsageError || error instanceof SelectionError) {
    return { code: WRONG_USAGE, line: error.message };
  }
  if (error instanceof NetlinkError) return await explainNetlink(error, files);
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Deno.errors.NotCapable) return explainDeno(message);
  if (/^Could not open library/.test(message)) {
    return { code: FAILED, line: "Cannot open libc.so.6: ipvstat needs glibc" };
  }
  return { code: FAILED, line: message };
}

/** A refusal by the runtime, such as `Requires ffi access, run again with the --allow-ffi flag`. */
function explainDeno(message: string): Explanation {
  const access = /^Requires (.*?access.*?),? run again/.exec(message)?.[1] ?? "access";
  const permissions = "--allow-ffi --allow-read --allow-write";
  return {
    code: FAILED,
    line: `Deno was started without permission for ${access}`,
    hint: `run: deno run ${permissions} cli.ts`,
  };
}

async function explainNetlink(error: NetlinkError, files: Files): Promise<Explanation> {
  if (isMissingFamily(error)) {
    return {
      code: NO_IPVS,
      line: "IPVS is not available: the kernel module ip_vs is not loaded",
      hint: "try: sudo modprobe ip_vs (ipvstat doctor explains more, ipvstat --demo needs no IPVS)",
    };
  }
  if (error instanceof NamespaceError) {
    const { explainNamespace } = await import("../doctor/namespace_refusal.ts");
    const { isRefused, ...explanation } = explainNamespace(error, files);
    return { code: isRefused ? NOT_PERMITTED : FAILED, ...explanation };
  }
  if (isPermissionDenied(error)) {
    const { explainRefusal } = await import("../doctor/capability.ts");
    const { finding, fix } = explainRefusal(files);
    return {
      code: NOT_PERMITTED,
      line: `Not permitted to read IPVS: ${finding}`,
      hint: `try: ${fix[0]}`,
    };
  }
  return { code: FAILED, line: error.message };
}
