/**
 * Signals that would end the program, held off where that would leave something half done.
 *
 * @module
 */

/** SIGXFSZ: a file is as long as the limit allows. The write that is too long then fails. */
const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGXFSZ"];

/** What the runtime opens for its first listener. It panics where it cannot have them. */
const DESCRIPTORS = 2;

/** While one of these exists, no SIGINT, SIGTERM or SIGXFSZ ends the program. */
export class Interruption implements Disposable {
  #came = false;
  #wake = () => {};
  readonly #listener = () => {
    this.#came = true;
    this.#wake();
  };

  /**
   * Begins to hold the signals off.
   *
   * @throws {Error} if too many files are open.
   */
  constructor() {
    checkDescriptors();
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#listener);
  }

  /** Whether a signal came. It is seen after a {@linkcode pause} only. */
  get came(): boolean {
    return this.#came;
  }

  /** Waits, but not beyond a signal. */
  async pause(milliseconds: number): Promise<void> {
    if (this.#came) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, milliseconds);
    await promise;
    clearTimeout(timer);
  }

  /** Lets signals end the program again. */
  [Symbol.dispose](): void {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#listener);
  }
}

/** Throws where the runtime would panic. */
function checkDescriptors(): void {
  const probes: Deno.FsFile[] = [];
  try {
    for (let i = 0; i < DESCRIPTORS; i++) probes.push(Deno.openSync("/dev/null"));
  } catch (error) {
    // Where /dev/null cannot be opened for another reason, nothing is known.
    const { code } = error as { code?: string };
    if (code === "EMFILE" || code === "ENFILE") throw error;
  } finally {
    for (const probe of probes) probe.close();
  }
}
