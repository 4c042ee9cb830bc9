/** A running `ipvstat stream` whose input, output and signals a test controls. */
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;
const PERMISSIONS = ["--allow-ffi", "--allow-read", "--allow-write"];
/** Only ends a hang. */
const LIMIT_MILLISECONDS = 300_000;

/** Runs `ipvstat stream`. Reading its output fails if it ends before. */
export class StreamProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #stdout: ReadableStreamDefaultReader<string>;
  readonly #stderr: Promise<string>;
  readonly #limit: ReturnType<typeof setTimeout>;
  #buffer = "";

  /** Starts it with these words after `stream`. */
  constructor(words: readonly string[]) {
    const args = ["run", "--quiet", "--no-prompt", ...PERMISSIONS, join(ROOT, "cli.ts"), "stream"];
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    this.#child = new Deno.Command(Deno.execPath(), { args: [...args, ...words], ...pipes })
      .spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#stdout = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#stderr = new Response(this.#child.stderr).text();
    this.#limit = setTimeout(() => this.#child.kill("SIGKILL"), LIMIT_MILLISECONDS);
  }

  /** Its process number. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The next lines of standard output, as one text. */
  async lines(count: number): Promise<string> {
    for (;;) {
      const end = endOfLine(this.#buffer, count);
      if (end > 0) return this.#take(end);
      const { value, done } = await this.#stdout.read();
      if (done) throw new Error(`The stream ended: ${this.#buffer}${await this.#stderr}`);
      this.#buffer += value;
    }
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

  /** Waits for its end; returns what it printed since the last lines. */
  async end(): Promise<{ code: number; stdout: string; stderr: string }> {
    for (;;) {
      const { value, done } = await this.#stdout.read();
      if (done) break;
      this.#buffer += value;
    }
    const { code } = await this.#child.status;
    return { code, stdout: this.#take(this.#buffer.length), stderr: await this.#stderr };
  }

  /** Ends it if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#limit);
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#stdin.abort().catch(() => {});
    await this.#stdout.cancel();
    await this.#stderr;
    await this.#child.status;
  }

  #take(length: number): string {
    const text = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return text;
  }
}

/** The index after a number of lines; 0 if the text has fewer. */
function endOfLine(text: string, count: number): number {
  let end = 0;
  for (let i = 0; i < count; i++) {
    end = text.indexOf("\n", end) + 1;
    if (end === 0) return 0;
  }
  return end;
}
