/**
 * The error of reading captures.
 *
 * @module
 */
import { isMissingFamily, isRefusal, NetlinkError } from "../netlink/errors.ts";

/**
 * A file that is no capture, a damaged one, or one that does not hold what is asked of it.
 * The message is one line that begins with "Cannot read capture: ".
 */
export class CaptureError extends Error {
  /** The class's name. */
  override readonly name = "CaptureError";
  /** The message after the colon. */
  readonly reason: string;

  /** Composes the message from the reason, which goes on after the colon. */
  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot read capture: ${reason}`, options);
    this.reason = reason;
  }
}

/**
 * What an error of reading a replay means. What a kernel refused when the capture was made is no
 * word of the kernel that runs here, and nothing can be done about it here.
 */
export function recordedError(error: unknown): unknown {
  if (!(error instanceof NetlinkError)) return error;
  const { code, request } = error;
  const reason = isMissingFamily(error)
    ? WITHOUT_IPVS
    : isRefusal(error)
    ? `${recordedRefusal(code)} to ${request}`
    : `the recorded kernel returned an error: ${error.message}`;
  return new CaptureError(reason, { cause: error });
}

/** The kernel that was recorded had no IPVS. */
export const WITHOUT_IPVS = "the recorded kernel had no IPVS (ENOENT)";

/** The kernel that was recorded refused something, with the errno of this name. */
export function recordedRefusal(code: string): string {
  return `the recorded kernel refused access (${code})`;
}
