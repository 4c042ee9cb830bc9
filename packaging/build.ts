/** What the packages of a release are made of. */
import type { Target } from "./targets.ts";

/** One target's part of a release. */
export interface Build {
  /** Where its packages are made, and what they take to make. */
  readonly dir: string;
  /** The compiled program. */
  readonly program: string;
  readonly target: Target;
  /** Of every file, in seconds since 1970. */
  readonly time: number;
}
