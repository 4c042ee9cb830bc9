/**
 * What is printed for people on standard error. It never decides how the program ends: where
 * standard error is full or closed, the exit code alone says what happened.
 *
 * @module
 */
import { printable } from "../output/printable.ts";
import { sinkTo } from "./output.ts";

/** Writes one line. */
export function say(message: string): void {
  write([`ipvstat: ${printable(message)}`]);
}

/** Writes all there is to know of an error, over several lines. */
export function sayInDetail(error: unknown): void {
  write(Deno.inspect(error).split("\n").map((line) => printable(line)));
}

function write(lines: readonly string[]): void {
  try {
    sinkTo(Deno.stderr, "standard error")(new TextEncoder().encode(`${lines.join("\n")}\n`));
  } catch {
    // There is nowhere to say it.
  }
}
