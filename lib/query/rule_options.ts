/**
 * The words of a rule of ipvsadm.
 *
 * @module
 */
import { ConfigurationError } from "./configuration.ts";

/** A rule: adds a virtual server, or a real server to one. */
export interface Rule {
  readonly command: "add-service" | "add-server";
  /** Arguments by ipvsadm's long name of the option; the empty string for none. */
  readonly options: ReadonlyMap<string, string>;
}

/** The options of rules by their short names; an argument can be required or optional. */
const OPTIONS:
  readonly (readonly [name: string, short: string, argument?: "required" | "optional"])[] = [
    ["add-service", "A"],
    ["add-server", "a"],
    ["tcp-service", "t", "required"],
    ["udp-service", "u", "required"],
    ["sctp-service", "", "required"],
    ["fwmark-service", "f", "required"],
    ["ipv6", "6"],
    ["scheduler", "s", "required"],
    ["persistent", "p", "optional"],
    ["netmask", "M", "required"],
    ["pe", "", "required"],
    ["ops", "o"],
    // Empty if the flags have no names.
    ["sched-flags", "b", "optional"],
    ["real-server", "r", "required"],
    ["masquerading", "m"],
    ["ipip", "i"],
    ["gatewaying", "g"],
    ["weight", "w", "required"],
    ["u-threshold", "x", "required"],
    ["l-threshold", "y", "required"],
    ["tun-type", "", "required"],
    ["tun-port", "", "required"],
    ["tun-nocsum", ""],
    ["tun-csum", ""],
    ["tun-remcsum", ""],
  ];

/**
 * Splits a rule into its options.
 *
 * @throws {ConfigurationError} if an option is unknown or has no argument, or the rule does not add
 * a server.
 */
export function splitRule(line: string): Rule {
  const words = line.trim().split(/\s+/);
  const options = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const [word, attached] = splitWord(words[i]!);
    if (word === "(null)") {
      options.set(word, "");
      continue;
    }
    const [name, , argument] = findOption(word);
    const next = attached ?? words[i + 1];
    const hasArgument = argument !== undefined && next !== undefined && isArgument(name, next);
    if (argument === "required" && !hasArgument) {
      throw new ConfigurationError(`${word} has no argument`);
    }
    if (hasArgument && attached === undefined) i++;
    options.set(name, hasArgument ? next : "");
  }
  return { command: commandOf(options), options };
}

/** A long option can have its argument attached: `--weight=1`. */
function splitWord(word: string): [word: string, attached: string | undefined] {
  const [, name, attached] = /^(--[^=]+)=(.*)$/.exec(word) ?? [];
  return name === undefined ? [word, undefined] : [name, attached];
}

function findOption(word: string): typeof OPTIONS[number] {
  const found = OPTIONS.find(([name, short]) => word === `--${name}` || word === `-${short}`);
  // A lone dash is the short name of none.
  if (found === undefined || word === "-") {
    throw new ConfigurationError(`unknown option "${word}" in a rule of ipvsadm`);
  }
  return found;
}

/** A fwmark can be negative, because ipvsadm prints it as a signed number. */
function isArgument(name: string, word: string): boolean {
  return !word.startsWith("-") || (name === "fwmark-service" && /^-\d+$/.test(word));
}

function commandOf(options: ReadonlyMap<string, string>): Rule["command"] {
  for (const command of ["add-service", "add-server"] as const) {
    if (options.has(command)) return command;
  }
  throw new ConfigurationError("it has neither -A nor -a");
}
