/**
 * The lines above the table: IPVS as a whole.
 *
 * @module
 */
import { countRealServers, type Snapshot, type SyncDaemon } from "../ipvs/snapshot.ts";
import type { RealServer } from "../ipvs/real_server.ts";
import { ifKnown } from "../ipvs/unknown_value.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { countOf, humanAmount, humanCount, humanUnit } from "./human.ts";
import { printable } from "./printable.ts";
import { needsAttention, stateText } from "./table_text.ts";
import { isoTime } from "./time.ts";

const GAP = "   ";

/** The lines about IPVS as a whole, without colours: settings and totals only if `isWide`. */
export function headLines(snapshot: Snapshot, width: number, isWide: boolean): string[] {
  const { info, syncDaemons, statsWidth } = snapshot;
  const version = info === null ? "IPVS" : `IPVS ${info.version}`;
  const lines = [
    ...fold([version, summary(snapshot)], width),
    ...fold(ratesAndTime(snapshot, width), width),
  ];
  if (snapshot.measured?.frozen) {
    lines.push("The estimator is stopped (run_estimation, est_cpulist): servers have no rates");
  }
  if (snapshot.source === "proc") {
    lines.push("from /proc/net/ip_vs, which has no counters, rates, thresholds and tunnels");
  }
  if (isWide) lines.push(...wideLines(snapshot));
  for (const daemon of syncDaemons ?? []) lines.push(daemonLine(daemon));
  if (statsWidth === 32) {
    lines.push("32-bit counters of an old kernel: connections and packets wrap at 4294967296");
  }
  return lines.map((line) => printable(line));
}

function count(number: number, noun: string, states: ReadonlyMap<string, number>): string {
  const list = [...states].map(([state, servers]) => `${servers} ${state}`).join(", ");
  return `${countOf(number, noun)}${list && ` (${list})`}`;
}

const virtualState = ifKnown(({ state }: VirtualServer) => state);
const realState = ifKnown(({ state }: RealServer) => state);

/** How many servers there are, and how many of them need attention. */
function summary({ virtualServers }: Snapshot): string {
  const virtualStates = new Map<string, number>();
  const realStates = new Map<string, number>();
  const add = (states: Map<string, number>, state: string) =>
    states.set(state, (states.get(state) ?? 0) + 1);
  for (const virtual of virtualServers) {
    const state = virtualState(virtual);
    if (state === "empty" || state === "down") add(virtualStates, state);
    for (const real of virtual.realServers) {
      const state = realState(real);
      if (state !== undefined && needsAttention(state)) add(realStates, stateText(state));
    }
  }
  const virtual = count(virtualServers.length, "virtual server", virtualStates);
  return `${virtual}, ${count(countRealServers(virtualServers), "real server", realStates)}`;
}

/** Parts with gaps between them, in as many lines as they need. */
function fold(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = lines.length === 0 ? part : [lines.at(-1), part].join(GAP);
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

/** Current rates, and the time: with its date if there is room. */
function ratesAndTime({ totals, measured, time }: Snapshot, width: number): string[] {
  const known = measured === undefined ? totals : measured.totals;
  const rates = known === null ? [] : [
    `${humanAmount(known.cps)} conn/s`,
    `in ${humanAmount(known.ppsIn)} pkt/s ${humanUnit(known.bytesInPerSecond, "B/s")}`,
    `out ${humanAmount(known.ppsOut)} pkt/s ${humanUnit(known.bytesOutPerSecond, "B/s")}`,
  ];
  if (measured !== undefined) rates.push(`over ${(Number(measured.interval) / 1e9).toFixed(1)} s`);
  const text = isoTime(time);
  const date = text.slice(0, 10), clock = `${text.slice(11, 19)} UTC`;
  const long = [...rates, `${date} ${clock}`];
  return long.join(GAP).length <= width ? long : [...rates, clock];
}

function wideLines({ info, timeouts, totals }: Snapshot): string[] {
  const parts: string[] = [];
  if (info !== null) parts.push(`connection table size ${info.connectionTableSize}`);
  const states = [["tcp", timeouts?.tcp], ["tcp-fin", timeouts?.tcpFin], ["udp", timeouts?.udp]]
    .filter(([, seconds]) => seconds !== undefined)
    .map(([state, seconds]) => `${state} ${seconds}s`);
  if (states.length > 0) parts.push(`timeouts ${states.join(", ")}`);
  const lines = parts.length === 0 ? [] : [parts.join(GAP)];
  if (totals === null) return lines;
  const { connections, pktsIn, pktsOut, bytesIn, bytesOut } = totals;
  const flow = (packets: number | bigint, bytes: number | bigint) =>
    `${humanCount(packets)} packets ${humanUnit(bytes, "B")}`;
  const total = [
    `totals ${humanCount(connections)} connections`,
    `in ${flow(pktsIn, bytesIn)}`,
    `out ${flow(pktsOut, bytesOut)}`,
  ];
  return [...lines, total.join(GAP)];
}

function daemonLine(daemon: SyncDaemon): string {
  const { mcastGroup: group, mcastPort: port, mcastTtl: ttl, syncMaxlen: longest } = daemon;
  const parts = [`sync daemon ${daemon.state} on ${daemon.interface}`, `id ${daemon.syncId}`];
  if (group !== undefined) {
    const host = group.includes(":") ? `[${group}]` : group;
    parts.push(port === undefined ? host : `${host}:${port}`);
  }
  if (ttl !== undefined) parts.push(`ttl ${ttl}`);
  if (longest !== undefined) parts.push(`max. ${longest} bytes`);
  return parts.join(", ");
}
