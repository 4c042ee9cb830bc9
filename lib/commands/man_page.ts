/**
 * `ipvstat man`: the man page, made from the table of commands and options.
 *
 * @module
 */
import { VERSION } from "../version.ts";
import { EXIT_CODES } from "./exit_codes.ts";
import { wrap } from "./help.ts";
import { type Command, COMMANDS, type Option, OPTIONS, optionsOf, SUMMARY } from "./options.ts";
import { spellNeed } from "./parse.ts";
import { listWords } from "./suggest.ts";

const DESCRIPTION: readonly string[] = [
  "Reads every virtual server and real server of Linux IP Virtual Server (IPVS) over generic " +
  "netlink, and prints a table for people, or JSON, InfluxDB line protocol, Prometheus text or " +
  "OpenMetrics for programs. It only reads: it sends no command that changes anything, never " +
  "loads a kernel module, and opens no network connection.",
  "The kernel may skip or repeat entries when the table changes during a dump. Lists that span " +
  "several datagrams are therefore read twice and compared, and differences are resolved by " +
  "asking the kernel again. What remains unresolved is reported with exit status 5.",
  "Data goes to standard output, everything else to standard error. An error message is one line " +
  "that says what to do.",
];

const ENVIRONMENT: Items = [["NO_COLOR", "If set, the table has no colours."]];

const FILES: Items = [
  ["/proc/net/ip_vs", "Shows whether IPVS is available without making the kernel load it."],
  ["/proc/net/ip_vs_stats", "The totals, including deleted virtual servers."],
  ["/proc/net/ip_vs_stats_percpu", "The totals of each CPU."],
  ["/proc/net/ip_vs_status", "The load of the hash tables (since Linux 7.1, root only)."],
  ["/proc/sys/net/ipv4/vs", "The settings that affect the numbers."],
];

const EXAMPLES: readonly [meaning: string, command: string][] = [
  ["Show the table:", "ipvstat"],
  [
    "Write a file for node_exporter's textfile collector:",
    "ipvstat -o prometheus --output-file /var/lib/prometheus/node-exporter/ipvs.prom",
  ],
  ["Record ten snapshots:", "ipvstat record director.pcap --rounds 10"],
  ["Replay the third of them, on any machine:", "ipvstat --replay director.pcap --round 3"],
  [
    "Run as another user, with only the required capability:",
    "setpriv --reuid nobody --clear-groups --inh-caps +net_admin --ambient-caps +net_admin ipvstat",
  ],
];

const SECURITY: readonly string[] = [
  "Reading IPVS requires CAP_NET_ADMIN in the initial user namespace; root in another user " +
  "namespace does not have it. No other privilege is needed. --replay, --demo and the commands " +
  "that print a text need no privilege.",
  "When running with privilege, write files only to directories that only trusted users can " +
  "write to.",
];

/** Width of the source lines, so that they have at most 80 characters with their escapes. */
const SOURCE_WIDTH = 72;

/** The options of every command. */
const COMMON = OPTIONS.filter(({ commands }) => commands.length === COMMANDS.length);

/** The man page as roff, in the macros of man(7). */
export function manPage(): string {
  const sections = [
    section("NAME", [text(`ipvstat - ${SUMMARY}`)]),
    section("SYNOPSIS", COMMANDS.map(synopsis).join("\n.br\n").split("\n")),
    section("DESCRIPTION", paragraphs(DESCRIPTION)),
    section("COMMANDS", COMMANDS.flatMap(commandItem)),
    section("OPTIONS", [
      ...COMMANDS.flatMap(commandOptions),
      ...optionGroup("All commands", COMMON),
    ]),
    section("EXIT STATUS", [...EXIT_CODES.flatMap(exitItem), ...COMMANDS.flatMap(exitGroup)]),
    section("ENVIRONMENT", items(ENVIRONMENT)),
    section("FILES", items(FILES)),
    section("EXAMPLES", EXAMPLES.flatMap(example).slice(1)),
    section("SECURITY", paragraphs(SECURITY)),
    section("SEE ALSO", [".BR ipvsadm (8)"]),
  ];
  return `.TH IPVSTAT 1 "" "ipvstat ${VERSION}" "User Commands"\n${sections.join("")}`;
}

type Items = readonly (readonly [word: string, meaning: string])[];

function section(name: string, body: readonly string[]): string {
  return `.SH ${name}\n${body.join("\n")}\n`;
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((one) => [".PP", ...lines(one)]).slice(1);
}

function items(pairs: Items): string[] {
  return pairs.flatMap(([word, meaning]) => item(bold(word), meaning));
}

function item(head: string, body: string): string[] {
  return [".TP", head, ...lines(body)];
}

function synopsis(command: Command, index: number): string {
  return `${bold("ipvstat")} ${index === 0 ? `[${bold(command.name)}]` : commandHead(command)} [${
    italic("OPTIONS")
  }]`;
}

function commandHead({ name, operands }: Command): string {
  const words = operands.map((one) => one.optional ? `[${italic(one.name)}]` : italic(one.name));
  return [bold(name), ...words].join(" ");
}

function commandItem(command: Command): string[] {
  return item(commandHead(command), sentences(command.help, command.details));
}

/** The options of a command that not all commands have. */
function commandOptions({ name }: Command): string[] {
  return optionGroup(name, optionsOf(name).filter((option) => !COMMON.includes(option)));
}

function optionGroup(title: string, options: readonly Option[]): string[] {
  if (options.length === 0) return [];
  return [`.SS ${text(title)}`, ...options.flatMap((option) => optionItem(option, title))];
}

function optionItem(option: Option, command: string): string[] {
  const { name, short, argument, commands, help, details, needs, excludes } = option;
  const words = short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
  const head = words.map(bold).join(", ");
  const [first] = commands;
  const isRepeated = commands.includes(command) && command !== first;
  return item(
    argument === undefined ? head : `${head} ${italic(argument.name)}`,
    sentences(
      help,
      isRepeated && details !== undefined ? `See ${first}.` : details,
      needs && `Requires ${listWords(needs.map(spellNeed))}.`,
      excludes && `Cannot be combined with --${excludes}.`,
    ),
  );
}

/** The exit codes of a command that has its own. */
function exitGroup({ name, exitCodes }: Command): string[] {
  return exitCodes === undefined ? [] : [`.SS ${text(name)}`, ...exitCodes.flatMap(exitItem)];
}

function exitItem({ code, meaning, details }: typeof EXIT_CODES[number]): string[] {
  const explained = details === undefined ? meaning : `${meaning} (${details})`;
  return item(bold(String(code)), sentences(explained));
}

function example([meaning, command]: readonly [string, string]): string[] {
  return [".PP", ...lines(meaning), ".PP", ".nf", ".RS", text(command), ".RE", ".fi"];
}

function sentences(first: string, ...others: readonly (string | undefined)[]): string {
  const whole = `${first[0]!.toUpperCase()}${first.slice(1)}.`;
  return [whole, ...others.filter((one) => one !== undefined)].join(" ");
}

function bold(word: string): string {
  return `\\fB${text(word)}\\fR`;
}

function italic(word: string): string {
  return `\\fI${text(word)}\\fR`;
}

/** Characters that are special in roff, escaped so that they are printed. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** Text as lines of roff source, which roff fills into paragraphs. */
function lines(plain: string): string[] {
  return wrap(plain, SOURCE_WIDTH).split("\n").map(text);
}

function text(plain: string): string {
  const escaped = plain.replace(/[\\\-'`^~]/g, (sign) => ESCAPES[sign]!);
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}
