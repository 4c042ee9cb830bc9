/**
 * How output for people should look, according to the command line.
 *
 * @module
 */
import type { Format } from "./options.ts";
import type { Output } from "./output.ts";
import type { Arguments } from "./parse.ts";
import type { ShowOptions } from "./show.ts";
import { numberOf, secondsOf } from "./values.ts";

/** Whether to use colours. */
export function useColor(args: Arguments, output: Output): boolean {
  const when = args.options.get("color") ?? "auto";
  return when === "auto" ? output.color : when === "always";
}

/** How to print a snapshot. */
export function displayOf(args: Arguments, output: Output): Omit<ShowOptions, "query" | "collect"> {
  const { options } = args;
  return {
    format: (options.get("output") ?? "table") as Format,
    extended: options.has("extended"),
    compat: options.get("compat") as ShowOptions["compat"],
    aggregate: options.get("aggregate") as ShowOptions["aggregate"],
    color: useColor(args, output),
    width: tableWidth(args, output),
    columns: options.get("columns")?.split(","),
    rollup: options.has("rollup"),
    rates: secondsOf(options, "rates"),
  };
}

/** The width of the table in characters; undefined for no limit. */
function tableWidth(args: Arguments, output: Output): number | undefined {
  if (args.options.get("output") === "wide") return undefined;
  return numberOf(args.options, "width") ?? output.width;
}
