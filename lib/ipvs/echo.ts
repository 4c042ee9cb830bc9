/**
 * A second listing, compared with the first while it comes in.
 *
 * @module
 */
import { type Compare, Rows } from "./rows.ts";

/** Keeps nothing of a second listing as long as it names the servers of the first in its sequence. */
export class Echo {
  readonly #compare: Compare;
  readonly #scratch: Rows;
  readonly #rows: Rows;
  readonly #first: Rows;
  #matched = 0;
  #differs = false;

  /** Compares rows of `first`'s width. */
  constructor(first: Rows, compare: Compare) {
    this.#compare = compare;
    this.#first = first;
    this.#scratch = new Rows(first.stride);
    this.#rows = new Rows(first.stride);
  }

  /** An empty buffer for the names of the next server, to be asked about by {@linkcode matches}. */
  get scratch(): Rows {
    this.#scratch.clear();
    return this.#scratch;
  }

  /**
   * Whether the server in the scratch buffer is the one that the first listing has here. Where it
   * is not, and ever after, it goes to {@linkcode rows}.
   */
  matches(): boolean {
    if (this.#differs) return false;
    const at = this.#matched;
    if (at < this.#first.length && this.#compare(this.#first, at, this.#scratch, 0) === 0) {
      this.#matched++;
      return true;
    }
    this.#depart();
    return false;
  }

  /** The second listing from where it departs from the first, with what comes before. */
  get rows(): Rows {
    return this.#rows;
  }

  /** The second listing at its end; undefined where it is the same as the first. */
  end(): Rows | undefined {
    if (!this.#differs) {
      if (this.#matched === this.#first.length) return undefined;
      this.#depart();
    }
    return this.#rows;
  }

  #depart(): void {
    this.#differs = true;
    for (let row = 0; row < this.#matched; row++) this.#rows.add(this.#first, row);
  }
}
