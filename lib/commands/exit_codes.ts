/**
 * The exit codes, as `cli.ts` gives them and as the help and the manual explain them.
 *
 * @module
 */

/** What the program ends with. */
export const DONE = 0,
  FAILED = 1,
  WRONG_USAGE = 2,
  NO_IPVS = 3,
  NOT_PERMITTED = 4,
  INCONSISTENT = 5;

/** An exit code in words. */
export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
  /** What else there is to say of it. */
  readonly more?: string;
}

/** Every exit code. */
export const EXIT_CODES: readonly ExitCode[] = [
  {
    code: DONE,
    meaning: "done",
    more: "also when whoever reads standard output has enough of it",
  },
  {
    code: FAILED,
    meaning: "failed",
    more: "a bad capture, a full disk, a kernel that answers nonsense",
  },
  { code: WRONG_USAGE, meaning: "wrong usage", more: "the message names the nearest right word" },
  { code: NO_IPVS, meaning: "IPVS is not there" },
  { code: NOT_PERMITTED, meaning: "not permitted" },
  {
    code: INCONSISTENT,
    meaning: "the snapshot could not be made consistent",
    more: "it is written all the same",
  },
];
