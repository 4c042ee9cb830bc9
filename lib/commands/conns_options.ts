/**
 * The options that only `ipvstat conns` has, as rows of the table of options.
 *
 * @module
 */
import type { Option } from "./option_types.ts";

/** The formats of the connection table. */
export const CONNS_FORMATS = ["table", "json", "csv"] as const;

/** One of {@linkcode CONNS_FORMATS}. */
export type ConnsFormat = typeof CONNS_FORMATS[number];

const COMMANDS = ["conns"];
const NEEDS_REPLAY = [{ option: "replay" }];

/** The rows. */
export const CONNS_OPTIONS: readonly Option[] = [
  {
    name: "output",
    short: "o",
    argument: { name: "FORMAT", values: CONNS_FORMATS },
    commands: COMMANDS,
    help: "print as table (default), json or csv",
    details: "The format csv is RFC 4180 with a heading.",
  },
  {
    name: "by",
    argument: { name: "WHAT", values: "text" },
    commands: COMMANDS,
    help: "sum by server (default), client, client/PREFIX or expiry",
    details:
      "With server, there is a row for each virtual server, real server and state; with client, " +
      "for the client addresses with the most connections; with client/24, for networks of 24 bits, " +
      "and of 64 bits for IPv6; client/24,48 sets both prefix lengths. With expiry, connections are " +
      "counted by the time until they expire.",
  },
  {
    name: "stale",
    commands: COMMANDS,
    help: "only connections whose real server is gone or has weight 0",
    details: "With --file, this needs the table of servers, see --replay.",
  },
  {
    name: "top",
    argument: { name: "N", values: "count" },
    commands: COMMANDS,
    help: "only the N rows with the most connections (clients: default 20)",
  },
  {
    name: "file",
    argument: { name: "FILE", values: "file" },
    commands: COMMANDS,
    help: "read a copy of /proc/net/ip_vs_conn or ip_vs_conn_sync",
    details:
      "- is standard input. No privilege is needed. Without --replay, there is no table of " +
      "servers, and no connection can be found to be stale.",
  },
  {
    name: "replay",
    argument: { name: "FILE", values: "file" },
    commands: COMMANDS,
    help: "with --file: take the table of servers from a recording",
    details: "It should have been recorded together with the copy, see record.",
    needs: [{ option: "file" }],
  },
  {
    name: "round",
    argument: { name: "N", values: "count" },
    commands: COMMANDS,
    help: "which snapshot to replay, from 1 (default: the last complete one)",
    needs: NEEDS_REPLAY,
  },
  {
    name: "max-size",
    argument: { name: "SIZE", values: "size" },
    commands: COMMANDS,
    help: "refuse captures larger than SIZE, such as 512M (default 1G)",
    needs: NEEDS_REPLAY,
  },
  {
    name: "max-rows",
    argument: { name: "N", values: "number" },
    commands: COMMANDS,
    help: "stop after N entries",
    details: "The output and standard error then say that the table was not read to its end.",
  },
  {
    name: "max-time",
    argument: { name: "SECONDS", values: "seconds" },
    commands: COMMANDS,
    help: "stop reading after SECONDS",
    details: "See --max-rows. The time is checked after each read of the file.",
  },
];
