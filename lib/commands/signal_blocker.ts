/**
 * Delays the signals that would end the program while a file or a recording is incomplete.
 *
 * @module
 */

import { Alarm } from "./alarm.ts";

/** SIGXFSZ: the file size limit (`ulimit -f`) is reached. When blocked, the write fails instead. */
const SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM", "SIGXFSZ"];

/** Descriptors that the runtime opens for its first signal listener; it panics without them. */
const DESCRIPTORS = 2;

/** While an instance exists, SIGINT, SIGTERM and SIGXFSZ do not end the program. */
export class SignalBlocker implements Disposable {
  readonly #alarm: Alarm;
  readonly #listener = () => this.#alarm.stop();

  /**
   * Starts blocking the signals; each one stops the alarm.
   *
   * @throws {Error} if too many files are open.
   */
  constructor(alarm = new Alarm()) {
    this.#alarm = alarm;
    checkDescriptors();
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#listener);
  }

  /** Whether a signal was received. Updated only while the program waits. */
  get received(): boolean {
    return this.#alarm.isStopped;
  }

  /** Waits for a time, or until a signal is received. */
  async pause(milliseconds: number): Promise<void> {
    await this.#alarm.wait(milliseconds);
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
