/**
 * How output for people should look, according to the command line.
 *
 * @module
 */
import type { Output } from "./output.ts";
import type { Arguments } from "./parse.ts";
import { numberOf } from "./values.ts";

/** Whether to use colours. */
export function useColor(args: Arguments, output: Output): boolean {
  const when = args.options.get("color") ?? "auto";
  return when === "auto" ? output.color : when === "always";
}

/** The width of the table in characters; undefined for no limit. */
export function tableWidth(args: Arguments, output: Output): number | undefined {
  if (args.options.get("output") === "wide") return undefined;
  return numberOf(args.options, "width") ?? output.width;
}
