/**
 * The text of `--help`, made from the table of commands and options.
 *
 * @module
 */
import { EXIT_CODES } from "./exit_codes.ts";
import { type Command, COMMANDS, type Option, optionsOf, SUMMARY } from "./options.ts";

const WIDTH = 79;

/** The help of the whole program, or of one command, by its name. */
export function helpText(name?: string): string {
  const command = COMMANDS.find((command) => command.name === name);
  return command === undefined ? generalHelp() : commandHelp(command);
}

/** How a command is called, such as `record FILE`. */
function commandWords({ name, operands }: Command): string {
  return [name, ...operands.map((one) => one.optional ? `[${one.name}]` : one.name)].join(" ");
}

function generalHelp(): string {
  const [show] = COMMANDS as [Command];
  return `ipvstat: ${SUMMARY}

Usage: ipvstat [COMMAND] [OPTIONS]

Commands:
${columns(COMMANDS.map((command) => [commandWords(command), command.help]))}

Options of ${show.name}:
${optionLines(show)}

ipvstat COMMAND --help shows those of another command, ipvstat man the manual.

${exitCodes()}
`;
}

function commandHelp(command: Command): string {
  const more = command.more === undefined ? "" : `\n${wrap(command.more)}\n`;
  return `ipvstat ${command.name}: ${command.help}

Usage: ipvstat ${commandWords(command)} [OPTIONS]
${more}
Options:
${optionLines(command)}

${exitCodes()}
`;
}

function optionLines(command: Command): string {
  return columns(optionsOf(command.name).map((option) => [optionWords(option), option.help]));
}

function optionWords({ name, short, argument }: Option): string {
  const letter = short === undefined ? "    " : `-${short}, `;
  return `${letter}--${name}${argument === undefined ? "" : ` ${argument.name}`}`;
}

function exitCodes(): string {
  const codes = EXIT_CODES.map(({ code, meaning }) => `${code} ${meaning}`);
  return wrap(`Exit codes: ${codes.join(", ")}. NO_COLOR is honoured.`);
}

function columns(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([left = ""]) => left.length));
  return rows.map(([left = "", right = ""]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}

/** Breaks text into lines. */
export function wrap(text: string): string {
  return text.replace(new RegExp(`(.{1,${WIDTH}})( |$)`, "g"), "$1\n").trimEnd();
}
