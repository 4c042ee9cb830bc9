/**
 * The commands that only print a text: help, version, schema, completions and man.
 *
 * @module
 */
import type { Shell } from "./options.ts";
import type { Arguments } from "./parse.ts";

/** The text that a command prints. */
export async function commandText({ command, operands: [operand] }: Arguments): Promise<string> {
  switch (command) {
    case "version":
      return (await import("./version.ts")).versionText();
    case "schema":
      return (await import("./schema.ts")).schemaText();
    case "completions":
      return (await import("./completions.ts")).completions(operand as Shell);
    case "man":
      return (await import("./man_page.ts")).manPage();
    default:
      return (await import("./help.ts")).helpText(operand);
  }
}
