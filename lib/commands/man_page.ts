/**
 * `ipvstat man`: the manual page, made from the table of commands and options.
 *
 * @module
 */
import { VERSION } from "../version.ts";
import { EXIT_CODES } from "./exit_codes.ts";
import { wrap } from "./help.ts";
import { type Command, COMMANDS, type Option, OPTIONS, SUMMARY } from "./options.ts";

const DESCRIPTION: readonly string[] = [
  "It asks the kernel over generic netlink, decodes every virtual server and real server, and " +
  "prints a table for people, or JSON, InfluxDB line protocol, Prometheus text or OpenMetrics " +
  "for programs. It only reads: it sends no command that changes anything, never loads a module, " +
  "and opens no connection.",
  "The kernel's lists skip entries or give them twice where the table changes meanwhile. What " +
  "spans datagrams is read twice, what is in doubt is settled by the kernel, and what cannot be " +
  "settled is said, by exit status 5.",
  "Data goes to standard output, everything else to standard error. An error is one line that " +
  "says what to do.",
];

const ENVIRONMENT: Items = [["NO_COLOR", "Where it is set, the table has no colours."]];

const FILES: Items = [
  ["/proc/net/ip_vs", "Tells whether IPVS is there, without the kernel being asked to load it."],
  ["/proc/net/ip_vs_stats", "The totals, of deleted virtual servers too."],
  ["/proc/net/ip_vs_stats_percpu", "The totals of each CPU."],
  ["/proc/net/ip_vs_status", "How full IPVS's tables are: since Linux 7.1, for root only."],
  ["/proc/sys/net/ipv4/vs", "The settings that the numbers depend on."],
];

const EXAMPLES: readonly [meaning: string, command: string][] = [
  ["The table:", "ipvstat"],
  [
    "A file for node_exporter's textfile collector:",
    "ipvstat -o prometheus --output-file /var/lib/prometheus/node-exporter/ipvs.prom",
  ],
  ["Ten readings, to be looked at anywhere:", "ipvstat record director.pcap --rounds 10"],
  ["The last of them, or the third:", "ipvstat --replay director.pcap --round 3"],
  [
    "As another user, with the one capability that it takes:",
    "setpriv --reuid nobody --clear-groups --inh-caps +net_admin --ambient-caps +net_admin ipvstat",
  ],
];

const SECURITY: readonly string[] = [
  "The kernel lets nobody read IPVS without CAP_NET_ADMIN in the initial user namespace; root of " +
  "a user namespace has another one. Nothing else is needed. --replay, --demo and the commands " +
  "that print a text need no privilege.",
  "Where a file is written with privilege, its directory is to be that of somebody who is trusted.",
];

/** The manual page as roff, in the macros of man(7). */
export function manPage(): string {
  const sections = [
    section("NAME", [text(`ipvstat - ${SUMMARY}`)]),
    section("SYNOPSIS", COMMANDS.map(synopsis).join("\n.br\n").split("\n")),
    section("DESCRIPTION", paragraphs(DESCRIPTION)),
    section("COMMANDS", COMMANDS.flatMap(commandItem)),
    section("OPTIONS", OPTIONS.flatMap(optionItem)),
    section("EXIT STATUS", EXIT_CODES.flatMap(exitItem)),
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
  return item(commandHead(command), sentences(command.help, command.more));
}

function optionItem({ name, short, argument, commands, help, more }: Option): string[] {
  const words = short === undefined ? [`--${name}`] : [`-${short}`, `--${name}`];
  const head = words.map(bold).join(", ");
  const goes = commands.length < COMMANDS.length
    ? `It goes with ${commands.join(" and ")}.`
    : undefined;
  return item(
    argument === undefined ? head : `${head} ${italic(argument.name)}`,
    sentences(help, more, goes),
  );
}

function exitItem({ code, meaning, more }: typeof EXIT_CODES[number]): string[] {
  return item(bold(String(code)), sentences(more === undefined ? meaning : `${meaning} (${more})`));
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

/** What means something to roff, as what it looks like. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** Text that may be broken anywhere. */
function lines(plain: string): string[] {
  return wrap(plain).split("\n").map(text);
}

function text(plain: string): string {
  const escaped = plain.replace(/[\\\-'`^~]/g, (sign) => ESCAPES[sign]!);
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}
