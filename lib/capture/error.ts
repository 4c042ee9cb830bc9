/**
 * The one error of this room.
 *
 * @module
 */

/**
 * A file that is no capture, a damaged one, or one that does not hold what is asked of it.
 * The message is one line that begins with "Cannot read capture: ".
 */
export class CaptureError extends Error {
  /** The class's name. */
  override readonly name = "CaptureError";

  /** Composes the message from the reason, which goes on after the colon. */
  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot read capture: ${reason}`, options);
  }
}
