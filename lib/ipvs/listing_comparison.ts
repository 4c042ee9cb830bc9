/**
 * Compares a second listing with the first one while it arrives.
 *
 * @module
 */
import { type Compare, Rows } from "./rows.ts";

/**
 * A second listing. Its rows are not stored as long as they have the same servers as the first one,
 * in the same sequence.
 */
export class ListingComparison {
  readonly #first: Rows;
  readonly #start: number;
  readonly #compare: Compare;
  readonly #scratch: Rows;
  readonly #rows: Rows;
  #matched = 0;
  #differs = false;

  /** Compares with the rows of `first` from `start` on. */
  constructor(first: Rows, compare: Compare, start = 0) {
    this.#first = first;
    this.#start = start;
    this.#compare = compare;
    this.#scratch = new Rows(first.width);
    this.#rows = new Rows(first.width);
  }

  /** An empty buffer for the identity of the next server, which {@linkcode matches} compares. */
  get scratch(): Rows {
    this.#scratch.truncate();
    return this.#scratch;
  }

  /**
   * Whether the server in the scratch buffer is the one that the first listing has at this
   * position. If not, the caller adds this server and all that follow to {@linkcode rows}.
   */
  matches(): boolean {
    if (this.#differs) return false;
    const row = this.#start + this.#matched;
    if (row < this.#first.length && this.#compare(this.#first, row, this.#scratch, 0) === 0) {
      this.#matched++;
      return true;
    }
    this.#keep();
    return false;
  }

  /** The second listing: copies of the first one's rows up to the difference, then its own rows. */
  get rows(): Rows {
    return this.#rows;
  }

  /** The whole second listing at its end; undefined if it is the same as the first. */
  end(): Rows | undefined {
    if (!this.#differs) {
      if (this.#start + this.#matched === this.#first.length) return undefined;
      this.#keep();
    }
    return this.#rows;
  }

  #keep(): void {
    this.#differs = true;
    this.#rows.append(this.#first, this.#start, this.#start + this.#matched);
  }
}
