/**
 * Reads the connection table from beginning to end, or to a limit.
 *
 * @module
 */
import { ConnectionParser } from "../procfs/ip_vs_conn.ts";
import type { ConnectionLine } from "../procfs/ip_vs_conn_line.ts";
import { ClientSums, type Prefixes } from "./client_sums.ts";
import type { ConnectionGroup, ConnectionKind } from "./connection_group.ts";
import { ConnectionSums } from "./connection_sums.ts";

/** How to read. */
export interface ReadOptions {
  /** Reads some bytes into the buffer; returns their number, 0 at the end. */
  readonly read: (buffer: Uint8Array<ArrayBuffer>) => number;
  /** Stop after this many entries. */
  readonly maxRows?: number | undefined;
  /** Called with the number of entries so far, after each read; stop if it returns true. */
  readonly isDue?: ((rows: number) => boolean) | undefined;
  /** Sum by client networks of these prefix lengths, too. */
  readonly clients?: Prefixes | undefined;
  /** Which entries to sum by client; called once for each group. */
  readonly isCounted?: ((group: ConnectionGroup) => boolean) | undefined;
}

/** What was read. */
export interface ReadConnections {
  /** Number of entries. */
  readonly rows: number;
  /** What ended the reading before the end of the file. */
  readonly cutBy: "max-rows" | "max-time" | null;
  readonly groups: readonly ConnectionGroup[];
  /** Number of entries that are in none of them. */
  readonly ungrouped: number;
  readonly clients: ClientSums | undefined;
}

const CHUNK = 64 * 1024;

/**
 * Reads and sums the connection table.
 *
 * @throws {DecodeError} if the file is malformed.
 */
export function readConnections(options: ReadOptions): ReadConnections {
  const { read, maxRows, isDue, clients } = options;
  const clientSums = clients === undefined ? undefined : new ClientSums(clients);
  const sums: ConnectionSums = new ConnectionSums(() => parser.states);
  const parser: ConnectionParser = new ConnectionParser(
    clientSums === undefined
      ? (line) => void sums.add(line)
      : clientVisitor(sums, clientSums, options.isCounted),
    maxRows,
  );
  const isEarly = pump(parser, read, isDue);
  if (!isEarly) parser.end();
  return {
    rows: parser.lines,
    cutBy: parser.isFull ? "max-rows" : isEarly ? "max-time" : null,
    groups: sums.sorted(),
    ungrouped: sums.ungrouped,
    clients: clientSums,
  };
}

/** Reads until the end, or a limit; returns whether `isDue` was the limit. */
function pump(
  parser: ConnectionParser,
  read: ReadOptions["read"],
  isDue: ReadOptions["isDue"],
): boolean {
  const buffer = new Uint8Array(CHUNK);
  for (;;) {
    const length = read(buffer);
    if (length === 0) return false;
    parser.push(buffer.subarray(0, length));
    if (parser.isFull) return false;
    if (isDue?.(parser.lines)) return true;
  }
}

/** Adds each entry to both sums. What depends on the group is determined once for each. */
function clientVisitor(
  sums: ConnectionSums,
  clients: ClientSums,
  isCounted: ReadOptions["isCounted"] = () => true,
): (line: ConnectionLine) => void {
  const kinds: (ConnectionKind | undefined)[] = [];
  return (line) => {
    const number = sums.add(line);
    // Without a group, it is one of the uncounted.
    if (number < 0) return;
    if (number === kinds.length) {
      const group = sums.group(number);
      kinds.push(isCounted(group) ? group.kind : undefined);
    }
    const kind = kinds[number];
    if (kind !== undefined) clients.add(line, kind !== "connection");
  };
}
