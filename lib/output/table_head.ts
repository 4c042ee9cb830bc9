/**
 * The lines above the table: IPVS as a whole.
 *
 * @module
 */
import type { Snapshot, SyncDaemon } from "../ipvs/snapshot.ts";
import { humanByteRate, humanBytes, humanCount } from "./human.ts";
import { printable } from "./printable.ts";
import { isoTime } from "./time.ts";

/** The lines about IPVS as a whole, without colours; what the kernel did not tell is left out. */
export function headLines(snapshot: Snapshot): string[] {
  const { info, timeouts, syncDaemons, totals, statsWidth } = snapshot;
  const time = isoTime(snapshot.time);
  const parts = [info === null ? "IPVS" : `IPVS ${info.version}`];
  if (info !== null) parts.push(`connection table size ${info.connectionTableSize}`);
  if (timeouts !== null) {
    const { tcp, tcpFin, udp } = timeouts;
    const told = [["tcp", tcp], ["tcp-fin", tcpFin], ["udp", udp]]
      .filter(([, seconds]) => seconds !== undefined)
      .map(([state, seconds]) => `${state} ${seconds}s`);
    if (told.length > 0) parts.push(`timeouts ${told.join(", ")}`);
  }
  parts.push(`${time.slice(0, 10)} ${time.slice(11, 19)} UTC`);
  const lines = [parts.join("   ")];
  for (const daemon of syncDaemons ?? []) lines.push(daemonLine(daemon));
  if (totals !== null) {
    const { connections, pktsIn, pktsOut, bytesIn, bytesOut } = totals;
    const { cps, ppsIn, ppsOut, bytesInPerSecond, bytesOutPerSecond } = totals;
    const flow = (packets: number | bigint, unit: string, bytes: string) =>
      `${humanCount(packets)} ${unit} ${bytes === "0" ? "0B" : bytes}`;
    const rate = (value: number | bigint) => (value === 0 ? "0B/s" : humanByteRate(value));
    lines.push(
      `totals   ${humanCount(connections)} connections   ` +
        `in ${flow(pktsIn, "packets", humanBytes(bytesIn))}   ` +
        `out ${flow(pktsOut, "packets", humanBytes(bytesOut))}`,
      `rates    ${humanCount(cps)} conn/s   ` +
        `in ${flow(ppsIn, "pkt/s", rate(bytesInPerSecond))}   ` +
        `out ${flow(ppsOut, "pkt/s", rate(bytesOutPerSecond))}`,
    );
  }
  if (statsWidth === 32) {
    lines.push("32-bit counters of an old kernel: connections and packets wrap at 4294967296");
  }
  return lines.map((line) => printable(line));
}

function daemonLine(daemon: SyncDaemon): string {
  const { mcastGroup: group, mcastPort: port, mcastTtl: ttl, syncMaxlen: longest } = daemon;
  const parts = [`sync daemon ${daemon.state} on ${daemon.interface}`, `id ${daemon.syncId}`];
  if (group !== undefined) {
    const host = group.includes(":") ? `[${group}]` : group;
    parts.push(port === undefined ? host : `${host}:${port}`);
  }
  if (ttl !== undefined) parts.push(`ttl ${ttl}`);
  if (longest !== undefined) parts.push(`messages of up to ${longest}B`);
  return parts.join(", ");
}
