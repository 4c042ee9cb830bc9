/**
 * Runs a command as telegraf's `inputs.execd` does: one process for many intervals, with pipes for
 * standard input, output and error.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { outputOf } from "../_commands.ts";

/** How long a process may take for anything before a test counts as hung, in milliseconds. */
const HANG_LIMIT = 120_000;

/** How execd asks for metrics. */
export type ExecdSignal = "STDIN" | "SIGUSR1";

/** The lines that a process writes to a pipe. */
class Lines {
  #text = "";
  #hasEnded = false;
  #news = Promise.withResolvers<void>();
  /** Settles at the end of the pipe. */
  readonly ended: Promise<void>;

  constructor(pipe: ReadableStream<Uint8Array>) {
    this.ended = this.#read(pipe);
  }

  /** Everything so far. */
  get text(): string {
    return this.#text;
  }

  /** Waits until there are this many whole lines. */
  async wait(count: number): Promise<void> {
    while (this.#text.split("\n").length <= count) {
      if (this.#hasEnded) throw new Error(`Expected ${count} lines, got:\n${this.#text}`);
      await this.#news.promise;
    }
  }

  async #read(pipe: ReadableStream<Uint8Array>): Promise<void> {
    for await (const part of pipe) {
      this.#text += Buffer.from(part).toString();
      this.#notify();
    }
    this.#hasEnded = true;
    this.#notify();
  }

  #notify(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}

/** A process that was started by execd; `await using` kills one that a failed test leaves behind. */
export class Execd implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #limit: ReturnType<typeof setTimeout>;
  /** Standard output, from which telegraf reads metrics. */
  readonly output: Lines;
  /** Standard error, of which telegraf logs each line. */
  readonly errors: Lines;

  /** Starts the process. */
  constructor([command, ...args]: readonly string[]) {
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    this.#child = new Deno.Command(command!, { args, ...pipes }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.output = new Lines(this.#child.stdout);
    this.errors = new Lines(this.#child.stderr);
    this.#limit = setTimeout(() => this.#child.kill("SIGKILL"), HANG_LIMIT);
  }

  /** Asks for one batch of metrics. */
  async gather(signal: ExecdSignal): Promise<void> {
    if (signal === "STDIN") await this.#stdin.write(new Uint8Array([10]));
    else this.#child.kill(signal);
  }

  /** Waits until the process handles a signal, given by its number; telegraf does not wait. */
  async waitForHandler(signal: number): Promise<void> {
    // Deno itself may not read the files of other processes.
    const command = ["grep", "SigCgt", `/proc/${this.#child.pid}/status`];
    let handled = 0n;
    while (((handled >> BigInt(signal - 1)) & 1n) === 0n) {
      const [, mask] = (await outputOf(command)).split(":");
      handled = BigInt(`0x${mask!.trim()}`);
    }
  }

  /** Closes standard input, as telegraf does to stop the process. */
  async close(): Promise<void> {
    await this.#stdin.close();
  }

  /** Sends SIGTERM, as telegraf does 5 seconds later, or kills the process. */
  kill(signal: "SIGTERM" | "SIGKILL"): void {
    this.#child.kill(signal);
  }

  /** Waits for the end of the process; returns its exit code, or 128 plus the number of a signal. */
  async ended(): Promise<number> {
    await Promise.all([this.output.ended, this.errors.ended]);
    const { code } = await this.#child.status;
    clearTimeout(this.#limit);
    return code;
  }

  /** Kills the process unless it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.ended();
  }
}
