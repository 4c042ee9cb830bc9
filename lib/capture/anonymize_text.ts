/**
 * Replaces the addresses in the text of files in /proc.
 *
 * @module
 */
import { SETTINGS_DIRECTORY } from "../procfs/settings.ts";
import type { Anonymizer } from "./anonymizer.ts";

/** The files without addresses. */
const WITHOUT_ADDRESSES = new Set(["ip_vs_stats", "ip_vs_stats_percpu", "ip_vs_status"]);

/** An IPv4 address in hex, as far as a port follows, or an IPv6 address in full. */
const ADDRESS = /\b(?:[0-9A-F]{8}(?=[: ][0-9A-F]{4}\b)|(?:[0-9a-f]{4}:){7}[0-9a-f]{4}\b)/g;

const ENDPOINT = `\\[?${ADDRESS.source}\\]?[: ][0-9A-F]{4}`;
/** Protocol and three endpoints. */
const CONNECTION = `\\w+(?: +${ENDPOINT}){3}`;

/**
 * The form of each line of a file, as the kernel's ip_vs_ctl.c and ip_vs_conn.c print it. The first
 * group of a line is kept, except for its addresses; the rest is data of a persistence engine, such
 * as the call ID of SIP.
 */
const LINES: Readonly<Record<string, readonly RegExp[]>> = {
  ip_vs: [
    /^(IP Virtual Server version [\d.]+ \(size=\d+\))$/,
    /^(Prot LocalAddress:Port Scheduler Flags| {2}-> RemoteAddress:Port [\w ]+)$/,
    /^(FWM +[0-9A-F]{8} \S+ [\w ]*)$/,
    new RegExp(`^((?:\\w+|  ->) +${ENDPOINT} +\\S+ [\\w ]*)$`),
  ],
  ip_vs_conn: [
    /^(Pro FromIP +FPrt ToIP +TPrt DestIP +DPrt State +Expires PEName PEData)$/,
    new RegExp(`^(${CONNECTION} +\\S+ +\\d+)(?: \\S+ .*)?$`),
  ],
  ip_vs_conn_sync: [
    /^(Pro FromIP +FPrt ToIP +TPrt DestIP +DPrt State +Origin Expires)$/,
    new RegExp(`^(${CONNECTION} +\\S+ +\\w+ +\\d+)$`),
  ],
};

/**
 * Replaces the addresses in the text of a file, named as by `Source.readProc()`, and removes the
 * data of persistence engines. Lines of an unknown form are left out. Returns undefined for a file
 * whose form is unknown.
 */
export function anonymizeText(
  name: string,
  text: string,
  anonymizer: Anonymizer,
): string | undefined {
  if (WITHOUT_ADDRESSES.has(name) || name.startsWith(`${SETTINGS_DIRECTORY}/`)) return text;
  const forms = LINES[name];
  if (forms === undefined) return undefined;
  let result = "";
  for (const line of text.split("\n")) {
    const kept = forms.map((form) => form.exec(line)?.[1]).find((each) => each !== undefined);
    if (kept === undefined) continue;
    result += `${kept.replace(ADDRESS, (address) => replaceAddress(address, anonymizer))}\n`;
  }
  return result;
}

/** Replaces an address in the kernel's form: 8 hex digits, or 8 groups of 4. */
function replaceAddress(text: string, anonymizer: Anonymizer): string {
  const pairs = text.replaceAll(":", "").match(/../g)!;
  const address = anonymizer.address(Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16)));
  const digits = Array.from(address, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return address.length === 4 ? digits.toUpperCase() : digits.match(/.{4}/g)!.join(":");
}
