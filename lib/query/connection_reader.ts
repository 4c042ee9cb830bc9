/**
 * Reads the connection table from beginning to end, or to a limit.
 *
 * @module
 */
import { ConnectionParser } from "../procfs/ip_vs_conn.ts";
import type { ConnectionLine } from "../procfs/ip_vs_conn_line.ts";
import { ClientSums, type Prefixes } from "./client_sums.ts";
import { type ConnectionKind, type ConnectionTarget, targetOf } from "./connection.ts";
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
  readonly isCounted?: ((target: ConnectionTarget) => boolean) | undefined;
}

/** What was read. */
export interface ReadConnections {
  /** Number of entries. */
  readonly rows: number;
  /** What ended the reading before the end of the file. */
  readonly cutBy: "max-rows" | "max-time" | null;
  readonly targets: readonly ConnectionTarget[];
  /** Number of entries that are not in `targets`. */
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
  const sums = new ConnectionSums();
  const { read, maxRows, isDue, clients } = options;
  const clientSums = clients === undefined ? undefined : new ClientSums(clients);
  const parser: ConnectionParser = new ConnectionParser(
    clientSums === undefined
      ? (line) => void sums.add(line)
      : clientVisitor(sums, clientSums, () => parser.states, options.isCounted),
    maxRows,
  );
  const isEarly = pump(parser, read, isDue);
  if (!isEarly) parser.end();
  const { states } = parser;
  return {
    rows: parser.lines,
    cutBy: parser.isFull ? "max-rows" : isEarly ? "max-time" : null,
    targets: Array.from({ length: sums.size }, (_, i) => targetOf(sums.group(i, states))),
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
  states: () => readonly string[],
  isCounted: ReadOptions["isCounted"] = () => true,
): (line: ConnectionLine) => void {
  const kinds: (ConnectionKind | undefined)[] = [];
  return (line) => {
    const group = sums.add(line);
    // Without a group, it is one of the uncounted.
    if (group < 0) return;
    if (group === kinds.length) {
      const target = targetOf(sums.group(group, states()));
      kinds.push(isCounted(target) ? target.kind : undefined);
    }
    const kind = kinds[group];
    if (kind !== undefined) clients.add(line, kind !== "connection");
  };
}
