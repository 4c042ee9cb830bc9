/**
 * Shows on a terminal how far a long reading is.
 *
 * @module
 */

const INTERVAL_MILLISECONDS = 500;
const CLEAR_LINE = "\r\x1b[K";

/** A line on a terminal that is replaced from time to time, and removed at the end. */
export class Progress implements Disposable {
  readonly #write: (text: string) => void;
  readonly #elapsed: () => number;
  #due = INTERVAL_MILLISECONDS;
  #isShown = false;

  /**
   * Shows nothing yet.
   *
   * @param write Writes to the terminal.
   * @param elapsed Milliseconds since the start.
   */
  constructor(write: (text: string) => void, elapsed: () => number) {
    this.#write = write;
    this.#elapsed = elapsed;
  }

  /** Shows how many entries were read, at most twice a second. */
  show(entries: number): void {
    if (this.#elapsed() < this.#due) return;
    this.#due = this.#elapsed() + INTERVAL_MILLISECONDS;
    this.#isShown = true;
    this.#write(`${CLEAR_LINE}${entries} connections read`);
  }

  /** Removes the line. */
  [Symbol.dispose](): void {
    if (this.#isShown) this.#write(CLEAR_LINE);
    this.#isShown = false;
  }
}
