/**
 * The error of a network namespace that cannot be read.
 *
 * @module
 */
import { errnoCode, NetlinkError } from "./errors.ts";

/** What failed: finding a namespace, opening its file, entering it or listing all of them. */
export type NamespaceStep = "find" | "open" | "setns" | "list";

/** A network namespace that cannot be found, opened or entered. */
export class NamespaceError extends NetlinkError {
  /** The namespace as the user named it. */
  readonly namespace: string;
  /** What failed. */
  readonly step: NamespaceStep;

  /** `errno` is the positive errno of the failure. */
  constructor(namespace: string, step: NamespaceStep, errno: number, note?: string) {
    super({ request: step, errno, note });
    this.namespace = namespace;
    this.step = step;
    this.message = `Cannot read network namespace ${namespace}: ${note ?? errnoCode(errno)}`;
  }
}
