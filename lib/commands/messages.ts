/**
 * Messages on standard error. They never change the exit code: if standard error is full or closed,
 * the exit code alone reports what happened.
 *
 * @module
 */
import { printable } from "../output/printable.ts";
import { sinkTo } from "./output.ts";

/** Prints a message of one line. */
export function printMessage(message: string): void {
  write([`ipvstat: ${printable(message)}`]);
}

/** Prints an error with its stack and its causes, on several lines. */
export function printDetails(error: unknown): void {
  write(Deno.inspect(error).split("\n").map((line) => printable(line)));
}

function write(lines: readonly string[]): void {
  try {
    sinkTo(Deno.stderr, "standard error")(new TextEncoder().encode(`${lines.join("\n")}\n`));
  } catch {
    // There is nowhere left to report it.
  }
}
