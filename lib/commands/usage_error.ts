/**
 * The error of a wrong command line.
 *
 * @module
 */

/** A command line that cannot be run. The message says what to use instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
