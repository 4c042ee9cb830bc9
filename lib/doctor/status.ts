/**
 * The version of IPVS and the load of its tables.
 *
 * @module
 */
import { DecodeError } from "../netlink/errors.ts";
import { type KernelStatus, parseStatus } from "../procfs/ip_vs_status.ts";
import { type Check, WITHOUT_IP_VS } from "./check.ts";
import { type Files, NET, readNetHead } from "./machine.ts";
import type { Probe } from "./probe.ts";
import { readSetting } from "./settings.ts";

/** The highest `conn_max` that a 64-bit kernel accepts. */
const HIGHEST_LIMIT = 2 ** 30;

/** Reads `ip_vs_status`; undefined if it cannot be read or parsed. */
export function readStatus(files: Files): KernelStatus | undefined {
  const text = files.readFile(`${NET}/ip_vs_status`);
  if (typeof text !== "string") return undefined;
  try {
    return parseStatus(text);
  } catch (error) {
    // show fails with this error and reports it.
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** Reports IPVS's version and its tables, and checks whether connections can be added. */
export function checkIpvs(
  files: Files,
  { snapshot }: Probe,
  status: KernelStatus | undefined,
): Check {
  const id = "ipvs";
  const info = snapshot?.info ?? readInfo(files);
  const limit = readSetting(files, "conn_max");
  const values = {
    version: info?.version ?? null,
    connection_table_size: info?.connectionTableSize ?? null,
    conn_max: limit,
    conn_lfactor: readSetting(files, "conn_lfactor"),
    svc_lfactor: readSetting(files, "svc_lfactor"),
    connections: status?.connections ?? null,
    connection_buckets: status?.connectionTable.buckets ?? null,
    connection_buckets_empty: status?.connectionTable.bucketsByLength?.[0] ?? null,
    virtual_servers: status?.virtualServers ?? null,
    service_buckets: status?.serviceTable.buckets ?? null,
    service_buckets_empty: status?.serviceTable.bucketsByLength?.[0] ?? null,
  };
  if (info === undefined) return { id, status: "unknown", finding: WITHOUT_IP_VS, values };
  const tables = status === undefined
    ? `connection table of size ${info.connectionTableSize}`
    : tablesText(status, limit);
  const finding = `version ${info.version}, ${tables}`;
  if (status === undefined || limit === null || status.connections < limit) {
    return { id, status: "ok", finding, values };
  }
  const full = "the limit is reached, so new connections are dropped";
  const higher = limit === 0 ? HIGHEST_LIMIT : Math.min(2 * limit, HIGHEST_LIMIT);
  const fix = [`sudo sysctl -w net.ipv4.vs.conn_max=${higher}`];
  return { id, status: "warning", finding: `${finding}: ${full}`, fix, values };
}

function tablesText(status: KernelStatus, limit: number | null): string {
  const { connections, connectionTable, virtualServers, serviceTable } = status;
  const atMost = limit === null ? "" : ` (at most ${limit})`;
  return `${connections} connections${atMost} in ${connectionTable.buckets} buckets, ` +
    `${virtualServers} virtual servers in ${serviceTable.buckets} buckets`;
}

/** Version and table size from the first line of `/proc/net/ip_vs`. */
function readInfo(files: Files): { version: string; connectionTableSize: number } | undefined {
  const head = readNetHead(files, "ip_vs");
  const [, version, size] = typeof head === "string"
    ? /^IP Virtual Server version (\S+) \(size=(\d+)\)/.exec(head) ?? []
    : [];
  return version === undefined ? undefined : { version, connectionTableSize: Number(size) };
}
