/**
 * The exit codes: `cli.ts` returns them, help and man page explain them.
 *
 * @module
 */
import type { ExitCode } from "./option_types.ts";

/** The exit codes of most commands. */
export const DONE = 0,
  FAILED = 1,
  WRONG_USAGE = 2,
  NO_IPVS = 3,
  NOT_PERMITTED = 4,
  INCONSISTENT = 5;

/** The exit codes of diff(1). */
export const SAME = 0, DIFFERENT = 1, TROUBLE = 2;

/** The exit codes of most commands, explained. */
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

/** The exit code of a monitoring plugin that could not check. */
export const UNKNOWN = 3;

/** The exit codes of `diff`, explained. */
export const DIFF_EXIT_CODES: readonly ExitCode[] = [
  { code: SAME, meaning: "no differences" },
  { code: DIFFERENT, meaning: "differences" },
  { code: TROUBLE, meaning: "trouble", details: "any error, wrong usage included" },
];

/** The exit codes of `check`, explained. */
export const CHECK_EXIT_CODES: readonly ExitCode[] = [
  { code: 0, meaning: "OK" },
  { code: 1, meaning: "WARNING" },
  { code: 2, meaning: "CRITICAL" },
  { code: UNKNOWN, meaning: "UNKNOWN", details: "any error, wrong usage included" },
];
