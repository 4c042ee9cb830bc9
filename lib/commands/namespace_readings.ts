/**
 * The readings of a stream of network namespaces.
 *
 * @module
 */
import type { Snapshots } from "../ipvs/snapshot.ts";
import { DONE } from "./exit_codes.ts";
import { type NamespaceEnvironment, readNamespaces } from "./namespaces.ts";
import type { Readings } from "./readings.ts";

/** Reads network namespaces. Nothing is open between two readings, so that none is kept alive. */
export class NamespaceReadings implements Readings {
  /** Always false. */
  readonly hasEnded = false;
  readonly #environment: NamespaceEnvironment;
  #failure = DONE;

  /** Looks for the namespaces before each reading. */
  constructor(environment: NamespaceEnvironment) {
    this.#environment = environment;
  }

  /** @inheritdoc */
  get failure(): number {
    return this.#failure;
  }

  /**
   * Reads those that can be read, which may be none.
   *
   * @throws {NetlinkError} as {@linkcode readNamespaces}.
   */
  async next(): Promise<Snapshots> {
    const { snapshots, failure } = await readNamespaces(this.#environment);
    this.#failure = failure;
    return snapshots;
  }

  /** Does nothing. */
  [Symbol.dispose](): void {}
}
