/**
 * Runs a command as telegraf's `inputs.execd` does: one process for many intervals, with pipes for
 * standard input, output and error.
 *
 * @module
 */
import { PipedProcess } from "../_piped_process.ts";

/**
 * A process that was started by execd, which reads metrics from its standard output, logs each line
 * of its standard error, and closes its standard input to stop it. 5 seconds later it sends SIGTERM.
 */
export class Execd extends PipedProcess {
  /** Asks for one batch of metrics. */
  async gather(signal: "STDIN" | "SIGUSR1"): Promise<void> {
    if (signal === "STDIN") await this.write("\n");
    else this.kill(signal);
  }
}
