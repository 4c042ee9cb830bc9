/** What the packages of a release are built from. */
import type { Target } from "./targets.ts";

/** One target's part of a release. */
export interface Build {
  /** The directory of its packages and of temporary files. */
  readonly dir: string;
  /** The compiled program. */
  readonly program: string;
  readonly target: Target;
  /** The modification time of every file, in seconds since 1970. */
  readonly time: number;
}
