/**
 * The result of a check.
 *
 * @module
 */

/**
 * `failed`: makes `show` fail. `warning`: `show` reports less than it could, or numbers that do not
 * change. `advice`: another setting may suit this table better. `unknown`: could not be checked.
 */
export type Status = "ok" | "advice" | "warning" | "failed" | "unknown";

/** The finding of a check that needs ip_vs. */
export const WITHOUT_IP_VS = "not checked: ip_vs is not loaded";

/** The result of a check, as text and as values. */
export interface Check {
  /** What was checked, in one word of `snake_case`. */
  readonly id: string;
  /** How serious it is. */
  readonly status: Status;
  /** What was found, in one line. */
  readonly finding: string;
  /** Alternative fixes: commands where possible, else instructions. */
  readonly fix?: readonly string[];
  /** The values behind the finding; null if unknown. */
  readonly values?: Readonly<Record<string, string | number | boolean | null>>;
}
