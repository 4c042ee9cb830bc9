/**
 * The error of a query.
 *
 * @module
 */

/** What to select, sort or show cannot be parsed. */
export class SelectionError extends Error {
  /** The name of the class. */
  override readonly name = "SelectionError";
}
