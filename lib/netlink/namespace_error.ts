/**
 * The error of a network namespace that cannot be read.
 *
 * @module
 */
import { errnoCode, NetlinkError } from "./errors.ts";

/** What failed: opening the file of a namespace, entering it, or listing all. */
export type NamespaceStep = "open" | "setns" | "list";

/** A network namespace that cannot be opened or entered, or namespaces that cannot be found. */
export class NamespaceError extends NetlinkError {
  /** The namespace as the user named it. */
  readonly namespace: string;
  /** What failed. */
  readonly step: NamespaceStep;
  /** More about it, for the message; undefined if there is nothing. */
  readonly note: string | undefined;

  /** `errno` is the positive errno of the failure. */
  constructor(namespace: string, step: NamespaceStep, errno: number, note?: string) {
    super({ request: step, errno, note });
    this.namespace = namespace;
    this.step = step;
    this.note = note;
    this.message = `Cannot read network namespace ${namespace}: ${note ?? errnoCode(errno)}`;
  }
}
