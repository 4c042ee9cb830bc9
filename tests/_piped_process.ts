/** A running program whose standard input, output and signals a test controls. */
import { outputOf } from "./_commands.ts";

/** How long a program may take for anything before a test counts as hung, in milliseconds. */
const HANG_LIMIT = 300_000;

/** What a program writes to a pipe. */
class PipeText {
  #text = "";
  #taken = 0;
  #hasEnded = false;
  #news = Promise.withResolvers<void>();
  /** Settles at the end of the pipe. */
  readonly ended: Promise<void>;

  constructor(pipe: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.ended = this.#read(pipe);
  }

  /** Everything so far. */
  get text(): string {
    return this.#text;
  }

  /** Waits until there are this many whole lines; fails if the pipe ends before. */
  async wait(count: number): Promise<void> {
    await this.#end(count, 0);
  }

  /** The next lines after those that were taken, as one text; fails if the pipe ends before. */
  async take(count: number): Promise<string> {
    const end = await this.#end(count, this.#taken);
    const lines = this.#text.slice(this.#taken, end);
    this.#taken = end;
    return lines;
  }

  /** What was not taken. */
  get rest(): string {
    return this.#text.slice(this.#taken);
  }

  /** Waits for lines; returns where they end. */
  async #end(count: number, start: number): Promise<number> {
    for (;;) {
      const end = endOfLines(this.#text, count, start);
      if (end !== undefined) return end;
      if (this.#hasEnded) throw new Error(`Expected ${count} lines, got:\n${this.#text}`);
      await this.#news.promise;
    }
  }

  async #read(pipe: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const part of pipe.pipeThrough(new TextDecoderStream())) {
      this.#text += part;
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

/** The index after a number of lines from `start` on; undefined if there are fewer. */
function endOfLines(text: string, count: number, start: number): number | undefined {
  let end = start;
  for (let i = 0; i < count; i++) {
    end = text.indexOf("\n", end) + 1;
    if (end === 0) return undefined;
  }
  return end;
}

/** A running program; `await using` kills one that a failed test leaves behind. */
export class PipedProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #limit: ReturnType<typeof setTimeout>;
  /** Standard output. */
  readonly output: PipeText;
  /** Standard error. */
  readonly errors: PipeText;

  /** Starts a command. */
  constructor([command, ...args]: readonly string[]) {
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    this.#child = new Deno.Command(command!, { args, ...pipes }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.output = new PipeText(this.#child.stdout);
    this.errors = new PipeText(this.#child.stderr);
    this.#limit = setTimeout(() => this.#child.kill("SIGKILL"), HANG_LIMIT);
  }

  /** Writes to standard input. */
  async write(text: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(text));
  }

  /** Closes standard input. */
  async closeInput(): Promise<void> {
    await this.#stdin.close();
  }

  /** Sends a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits until the program handles a signal, given by its number. */
  async waitForHandler(signal: number): Promise<void> {
    // Deno itself may not read the files of other processes.
    const command = ["grep", "SigCgt", `/proc/${this.#child.pid}/status`];
    let handled = 0n;
    while (((handled >> BigInt(signal - 1)) & 1n) === 0n) {
      const [, mask] = (await outputOf(command)).split(":");
      handled = BigInt(`0x${mask!.trim()}`);
    }
  }

  /** Waits for the end; returns the exit code, or 128 plus the number of a signal. */
  async ended(): Promise<number> {
    await Promise.all([this.output.ended, this.errors.ended]);
    const { code } = await this.#child.status;
    clearTimeout(this.#limit);
    return code;
  }

  /** Kills the program unless it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#stdin.abort().catch(() => {});
    await this.ended();
  }
}
