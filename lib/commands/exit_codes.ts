/**
 * The exit codes: `cli.ts` returns them, help and man page explain them.
 *
 * @module
 */

/** The exit codes of every command. */
export const DONE = 0,
  FAILED = 1,
  WRONG_USAGE = 2,
  NO_IPVS = 3,
  NOT_PERMITTED = 4,
  INCONSISTENT = 5;

/** An exit code and its explanation. */
export interface ExitCode {
  readonly code: number;
  readonly meaning: string;
  /** Examples or remarks. */
  readonly details?: string;
}

/** Every exit code. */
export const EXIT_CODES: readonly ExitCode[] = [
  { code: DONE, meaning: "done", details: "also if the output pipe closes early" },
  {
    code: FAILED,
    meaning: "failed",
    details: "a damaged capture, a full disk, a malformed reply from the kernel",
  },
  { code: WRONG_USAGE, meaning: "wrong usage", details: "typos get suggestions" },
  {
    code: NO_IPVS,
    meaning: "IPVS is not available",
    details: "ip_vs is not loaded or not built",
  },
  { code: NOT_PERMITTED, meaning: "not permitted by the kernel", details: "no CAP_NET_ADMIN" },
  {
    code: INCONSISTENT,
    meaning: "inconsistent snapshot",
    details: "the table kept changing; the data is written anyway",
  },
];
