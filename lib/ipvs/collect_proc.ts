/**
 * Collects a snapshot from /proc alone, which every user may read.
 *
 * @module
 */
import { ENOENT, NetlinkError } from "../netlink/errors.ts";
import { parseTable, type ProcTable } from "../procfs/ip_vs.ts";
import { parseProc, readProcFiles, type Source } from "./collect.ts";
import { procServers } from "./proc_table.ts";
import type { Consistency, Snapshot } from "./snapshot.ts";

const MAXIMUM_READS = 12;

/**
 * Reads what the files of /proc report about IPVS in one network namespace.
 *
 * @throws {NetlinkError} with errno ENOENT if IPVS is not loaded.
 * @throws {DecodeError} if a file is malformed.
 */
export function collectProc(source: Omit<Source, "transport">): Snapshot {
  source.checkIpvs?.();
  const time = source.now();
  const files = readProcFiles(source);
  const { table, consistency } = readTable(source);
  const { virtualServers, doubts } = procServers(table.services);
  const { version, connectionTableSize } = table;
  return {
    source: "proc",
    time,
    info: { version, connectionTableSize },
    timeouts: null,
    ...files,
    syncDaemons: null,
    statsWidth: 64,
    consistency: doubts.length === 0
      ? consistency
      : { ...consistency, state: "inconsistent", doubts: [...consistency.doubts, ...doubts] },
    unknownAttributes: 0,
    virtualServers,
  };
}

/**
 * Reads the table until two reads in a row have the same servers. As both are cut into the same pieces,
 * they can be torn alike, so the result is never called verified.
 */
function readTable(
  source: Omit<Source, "transport">,
): { table: ProcTable; consistency: Consistency } {
  let table = readOnce(source);
  for (let listings = 2; listings <= MAXIMUM_READS; listings++) {
    const before = serversOf(table);
    table = readOnce(source);
    if (serversOf(table) !== before) continue;
    return { table, consistency: { state: "unverified", listings, doubts: [] } };
  }
  const doubts = [`no two of ${MAXIMUM_READS} reads of ip_vs had the same servers`];
  return { table, consistency: { state: "inconsistent", listings: MAXIMUM_READS, doubts } };
}

function readOnce(source: Omit<Source, "transport">): ProcTable {
  const table = parseProc(source, "ip_vs", parseTable);
  if (table !== null) return table;
  throw new NetlinkError({ request: "CTRL_CMD_GETFAMILY", errno: ENOENT });
}

/** The servers without the numbers of connections, which change all the time. */
function serversOf({ services }: ProcTable): string {
  return JSON.stringify(services, (name, value) => name.endsWith("Connections") ? 0 : value);
}
