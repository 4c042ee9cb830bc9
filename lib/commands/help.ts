/**
 * The text of `--help`, made from the table of commands and options.
 *
 * @module
 */
import { EXIT_CODES } from "./exit_codes.ts";
import { type Command, COMMANDS, type Option, optionsOf, SUMMARY } from "./options.ts";

/** Longest line, in characters. */
const WIDTH = 79;

/** The help of the program, or of the command with this name. */
export function helpText(name?: string): string {
  const command = COMMANDS.find((command) => command.name === name);
  return command === undefined ? generalHelp() : commandHelp(command);
}

/** A command with its operands, such as `record FILE`. */
function synopsis({ name, operands }: Command): string {
  return [name, ...operands.map((one) => one.optional ? `[${one.name}]` : one.name)].join(" ");
}

function generalHelp(): string {
  const [show] = COMMANDS as [Command];
  return `ipvstat: ${SUMMARY}

Usage: ipvstat [COMMAND] [OPTIONS]

Commands:
${columns(COMMANDS.map((command) => [synopsis(command), command.help]))}

Options of ${show.name}:
${optionLines(show)}

Run "ipvstat COMMAND --help" for the options of a command, "ipvstat man" for the
man page.

${exitCodes(show)}
`;
}

function commandHelp(command: Command): string {
  const details = command.details === undefined ? "" : `\n${wrap(command.details)}\n`;
  return `ipvstat ${command.name}: ${command.help}

Usage: ipvstat ${synopsis(command)} [OPTIONS]
${details}
Options:
${optionLines(command)}

${exitCodes(command)}
`;
}

function optionLines(command: Command): string {
  return columns(optionsOf(command.name).map((option) => [spell(option), option.help]));
}

function spell({ name, short, argument }: Option): string {
  const letter = short === undefined ? "    " : `-${short}, `;
  return `${letter}--${name}${argument === undefined ? "" : ` ${argument.name}`}`;
}

function exitCodes({ exitCodes = EXIT_CODES }: Command): string {
  const codes = exitCodes.map(({ code, meaning }) => `${code} ${meaning}`);
  return wrap(`Exit codes: ${codes.join(", ")}. NO_COLOR is honoured.`);
}

/** Two columns, of which the second one is wrapped. */
function columns(rows: readonly (readonly [left: string, right: string])[]): string {
  const start = Math.max(...rows.map(([left]) => left.length)) + 4;
  return rows.map(([left, right]) => {
    const lines = wrap(right, WIDTH - start).replaceAll("\n", `\n${" ".repeat(start)}`);
    return `  ${left.padEnd(start - 2)}${lines}`;
  }).join("\n");
}

/** Breaks text into lines of at most `width` characters. */
export function wrap(text: string, width: number = WIDTH): string {
  return text.replace(new RegExp(`(.{1,${width}})( |$)`, "g"), "$1\n").trimEnd();
}
