/**
 * Delays the signals that would end the program while a file or a recording is incomplete.
 *
 * @module
 */

/** SIGXFSZ: the file size limit (`ulimit -f`) is reached. When blocked, the write fails instead. */
const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGXFSZ"];

/** Descriptors that the runtime opens for its first signal listener; it panics without them. */
const DESCRIPTORS = 2;

/** While an instance exists, SIGINT, SIGTERM and SIGXFSZ do not end the program. */
export class SignalBlocker implements Disposable {
  #received = false;
  #wake = () => {};
  readonly #listener = () => {
    this.#received = true;
    this.#wake();
    this.#onSignal();
  };
  readonly #onSignal: () => void;

  /**
   * Starts blocking the signals; `onSignal` is called for each one.
   *
   * @throws {Error} if too many files are open.
   */
  constructor(onSignal: () => void = () => {}) {
    this.#onSignal = onSignal;
    checkDescriptors();
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#listener);
  }

  /** Whether a signal was received. Updated only while the program waits. */
  get received(): boolean {
    return this.#received;
  }

  /** Waits for a time, or until a signal is received. */
  async pause(milliseconds: number): Promise<void> {
    if (this.#received) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timer);
  }

  /** Stops blocking the signals. */
  [Symbol.dispose](): void {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#listener);
  }
}

/** Throws an error in the case in which the runtime would panic. */
function checkDescriptors(): void {
  const probes: Deno.FsFile[] = [];
  try {
    for (let i = 0; i < DESCRIPTORS; i++) probes.push(Deno.openSync("/dev/null"));
  } catch (error) {
    // Any other error says nothing about the number of open files.
    const { code } = error as { code?: string };
    if (code === "EMFILE" || code === "ENFILE") throw error;
  } finally {
    for (const probe of probes) probe.close();
  }
}
