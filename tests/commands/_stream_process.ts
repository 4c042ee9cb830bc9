/** A running `ipvstat stream` whose input, output and signals a test controls. */
import { join } from "node:path";
import { PipedProcess } from "../_piped_process.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const PERMISSIONS = ["--allow-ffi", "--allow-read", "--allow-write"];

/** Runs `ipvstat stream`. */
export class StreamProcess extends PipedProcess {
  /** Starts it with these words after `stream`. */
  constructor(words: readonly string[]) {
    const flags = ["--quiet", "--no-prompt", ...PERMISSIONS];
    super([Deno.execPath(), "run", ...flags, join(ROOT, "cli.ts"), "stream", ...words]);
  }

  /** Waits for its end; returns what it printed since the lines that were taken. */
  async end(): Promise<{ code: number; stdout: string; stderr: string }> {
    const code = await this.ended();
    return { code, stdout: this.output.rest, stderr: this.errors.text };
  }
}
