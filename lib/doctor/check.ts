/**
 * What a check found.
 *
 * @module
 */

/**
 * `failed`: because of it `show` fails. `warning`: `show` shows less than it could, or what stands
 * still. `unknown`: it cannot be told.
 */
export type Status = "ok" | "warning" | "failed" | "unknown";

/** The finding where there is nothing to look at. */
export const WITHOUT_IP_VS = "cannot be told without ip_vs";

/** What a check found, in words and in values. */
export interface Check {
  /** What was checked, in one word of `snake_case`. */
  readonly id: string;
  /** How it is. */
  readonly status: Status;
  /** What was found, in one line. */
  readonly finding: string;
  /** What mends it: a command, or words where there is none; each is enough. */
  readonly mend?: readonly string[];
  /** What the finding was made from; null where it cannot be told. */
  readonly values?: Readonly<Record<string, string | number | boolean | null>>;
}
