/**
 * Whether a snapshot is consistent.
 *
 * @module
 */
import type { Consistency } from "../ipvs/snapshot.ts";
import { DONE, INCONSISTENT } from "./exit_codes.ts";
import { printMessage } from "./messages.ts";

/**
 * Reports an inconsistent snapshot on standard error, of a network namespace with its label; returns
 * the exit code.
 */
export function verdict({ doubts }: Consistency, netns?: string): number {
  if (doubts.length === 0) return DONE;
  const more = doubts.length > 1 ? ` (and ${doubts.length - 1} more)` : "";
  const where = netns === undefined ? "" : `Network namespace ${netns}: `;
  printMessage(`${where}The table could not be read consistently; ${doubts[0]}${more}`);
  return INCONSISTENT;
}
