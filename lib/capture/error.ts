/**
 * The error of reading captures.
 *
 * @module
 */
import { isMissingFamily, isPermissionDenied, NetlinkError } from "../netlink/errors.ts";

/**
 * A file that is not a capture, is damaged, or does not contain the requested snapshot.
 * The message is one line that starts with "Cannot read capture: ".
 */
export class CaptureError extends Error {
  /** The name of the class. */
  override readonly name = "CaptureError";
  /** The message after the colon. */
  readonly reason: string;

  /** Creates an error; `reason` is the part of the message after the colon. */
  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot read capture: ${reason}`, options);
    this.reason = reason;
  }
}

/**
 * Turns a {@linkcode NetlinkError} of a replay into a {@linkcode CaptureError}, and returns any
 * other error unchanged. The error comes from the recorded kernel, so advice about this machine
 * would be wrong.
 */
export function recordedError(error: unknown): unknown {
  if (!(error instanceof NetlinkError)) return error;
  const { code, request } = error;
  const reason = isMissingFamily(error)
    ? RECORDED_WITHOUT_IPVS
    : isPermissionDenied(error)
    ? recordedFailure(request, code)
    : `the recording contains an error: ${error.message}`;
  return new CaptureError(reason, { cause: error });
}

/** The reason of a {@linkcode CaptureError}: the recorded kernel had no IPVS. */
export const RECORDED_WITHOUT_IPVS = "the recorded kernel had no IPVS (ENOENT)";

/**
 * The reason of a {@linkcode CaptureError}: the recorded kernel returned an error for a request.
 */
export function recordedFailure(request: string, code: string): string {
  return `the recorded kernel returned ${code} for ${request}`;
}
