/**
 * The text of `--help`, made from the table of options.
 *
 * @module
 */
import { COMMANDS, type Option, OPTIONS } from "./options.ts";

/** What `ipvstat --help` prints. */
export function helpText(): string {
  const commands = COMMANDS.map((command) => [
    [command.name, ...command.operands].join(" "),
    command.help,
  ]);
  const options = OPTIONS.map((option) => [optionWords(option), option.help]);
  return `ipvstat: shows what Linux IP Virtual Server is doing

Usage: ipvstat [COMMAND] [OPTIONS]

Commands:
${columns(commands)}

Options:
${columns(options)}

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 IPVS is not there, 4 not permitted,
5 the snapshot could not be made consistent. NO_COLOR is honoured.
`;
}

function optionWords(option: Option): string {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  return `${short}--${option.name}${option.argument === undefined ? "" : ` ${option.argument}`}`;
}

function columns(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  return rows.map(([left = "", right = ""]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
