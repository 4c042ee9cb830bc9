/**
 * Errors of reading and replaying a capture, with the name of the file.
 *
 * @module
 */
import { CaptureError } from "../capture/error.ts";
import { DecodeError } from "../netlink/errors.ts";
import { NotRecordedError } from "../netlink/transport.ts";
import { uncapitalize } from "./system_error.ts";

/** A capture that cannot be read or replayed. The message names the file. */
export class CaptureFileError extends Error {
  override readonly name = "CaptureFileError";
}

/** The error for a capture that cannot be read for a reason. */
export function cannotRead(name: string, reason: string, cause?: unknown): CaptureFileError {
  return new CaptureFileError(`Cannot read ${name}: ${reason}`, { cause });
}

/** Adds the name of the capture to an error about its contents; other errors are unchanged. */
export function nameCapture(name: string, error: unknown): unknown {
  if (error instanceof CaptureError) return cannotRead(name, error.reason, error);
  if (error instanceof DecodeError || error instanceof NotRecordedError) {
    return cannotRead(name, uncapitalize(error.message), error);
  }
  return error;
}
