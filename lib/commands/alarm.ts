/**
 * Waiting that can be ended early.
 *
 * @module
 */

/** Lets one caller at a time wait. */
export class Alarm {
  #isStopped = false;
  #wake = () => {};

  /** Whether {@linkcode stop} was called. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Waits until the alarm rings, at most for the given time. Returns at once after a stop. */
  async wait(milliseconds?: number): Promise<void> {
    if (this.#isStopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timer);
  }

  /** Ends the current wait. */
  ring(): void {
    this.#wake();
  }

  /** Ends the current wait and all later ones. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }
}
