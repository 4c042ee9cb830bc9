/**
 * The attribute tables: for each attribute its kernel name, its wire type and the columns of a row
 * that its value is decoded to. Width and byte order are declared here and nowhere else.
 *
 * @module
 */
import { CONFIG, DAEMON, DESTINATION, INFO, SERVICE, STATS } from "./columns.ts";
import {
  IP_VS_NAME_MAXLEN,
  IPVS_CMD_ATTR,
  IPVS_DAEMON_ATTR,
  IPVS_DEST_ATTR,
  IPVS_INFO_ATTR,
  IPVS_STATS_ATTR,
  IPVS_SVC_ATTR,
} from "./uapi.ts";

/**
 * Wire types: unsigned integers in the sender's byte order; `be16` in network byte order; `flags`
 * as {u32 flags, u32 mask}; 4 or 16 raw bytes; `address` as 4 to 16 raw bytes; and text of 1 to 16
 * bytes, which may end with NUL.
 */
export type WireType =
  | "u8"
  | "u16"
  | "be16"
  | "u32"
  | "u64"
  | "flags"
  | "bytes4"
  | "bytes16"
  | "address"
  | "text";

/** Width of each wire type in bytes: of `address` and `text` the maximum. */
export const WIDTH: Readonly<Record<WireType, number>> = {
  u8: 1,
  u16: 2,
  be16: 2,
  u32: 4,
  u64: 8,
  flags: 8,
  bytes4: 4,
  bytes16: 16,
  address: 16,
  text: IP_VS_NAME_MAXLEN,
};

/** Minimum width in bytes of the wire types that vary. */
export const MINIMUM_WIDTH: Readonly<Partial<Record<WireType, number>>> = { address: 4, text: 1 };

/**
 * One attribute of a table: a value and its first column, padding that only aligns the next
 * attribute, or a nest with a table of its own. A nest that yields to another attribute is not read
 * if the other one is present.
 */
export type Attribute =
  | { readonly name: string; readonly type: WireType; readonly column: number }
  | { readonly name: string; readonly padding: true }
  | { readonly name: string; readonly nest: Table; readonly yieldsTo?: number };

/** The attributes of one nest by their type, which is at most 31. */
export interface Table {
  readonly name: string;
  readonly attributes: ReadonlyMap<number, Attribute>;
  /** Type of the attribute that encloses this nest in a message; undefined if none does. */
  readonly envelope?: number;
  /** Types of the attributes that must be present. */
  readonly required: readonly number[];
}

type Row<Names> = readonly [name: keyof Names & string, type: WireType, column: number];

function values<Names extends Readonly<Record<string, number>>>(
  numbers: Names,
  rows: readonly Row<Names>[],
): [number, Attribute][] {
  return rows.map(([name, type, column]) => [numbers[name] as number, { name, type, column }]);
}

/** IPVS_STATS_ATTR_*: all values have 64 bits if `wide`, else only the bytes have. */
function statsTable(name: string, wide: boolean): Table {
  const small = wide ? "u64" : "u32";
  const attributes = values(IPVS_STATS_ATTR, [
    ["IPVS_STATS_ATTR_CONNS", small, STATS.connections],
    ["IPVS_STATS_ATTR_INPKTS", small, STATS.pktsIn],
    ["IPVS_STATS_ATTR_OUTPKTS", small, STATS.pktsOut],
    ["IPVS_STATS_ATTR_INBYTES", "u64", STATS.bytesIn],
    ["IPVS_STATS_ATTR_OUTBYTES", "u64", STATS.bytesOut],
    ["IPVS_STATS_ATTR_CPS", small, STATS.cps],
    ["IPVS_STATS_ATTR_INPPS", small, STATS.ppsIn],
    ["IPVS_STATS_ATTR_OUTPPS", small, STATS.ppsOut],
    ["IPVS_STATS_ATTR_INBPS", small, STATS.bytesInPerSecond],
    ["IPVS_STATS_ATTR_OUTBPS", small, STATS.bytesOutPerSecond],
  ]);
  const required = attributes.map(([number]) => number);
  const pad = "IPVS_STATS_ATTR_PAD";
  attributes.push([IPVS_STATS_ATTR[pad], { name: pad, padding: true }]);
  return { name, attributes: new Map(attributes), required };
}

function statsNests<Names extends Readonly<Record<string, number>>>(
  numbers: Names,
  narrow: keyof Names & string,
  wide: keyof Names & string,
): [number, Attribute][] {
  const yieldsTo = numbers[wide] as number;
  return [
    [numbers[narrow] as number, { name: narrow, nest: statsTable(narrow, false), yieldsTo }],
    [yieldsTo, { name: wide, nest: statsTable(wide, true) }],
  ];
}

/** What identifies a service, besides its address. */
const SERVICE_IDENTITY = values(IPVS_SVC_ATTR, [
  ["IPVS_SVC_ATTR_AF", "u16", SERVICE.addressFamily],
  ["IPVS_SVC_ATTR_PROTOCOL", "u16", SERVICE.protocol],
  ["IPVS_SVC_ATTR_PORT", "be16", SERVICE.port],
  ["IPVS_SVC_ATTR_FWMARK", "u32", SERVICE.fwmark],
]);

/** IPVS_SVC_ATTR_*. */
export const SERVICE_TABLE: Table = {
  name: "IPVS_CMD_ATTR_SERVICE",
  envelope: IPVS_CMD_ATTR.IPVS_CMD_ATTR_SERVICE,
  required: [IPVS_SVC_ATTR.IPVS_SVC_ATTR_AF, IPVS_SVC_ATTR.IPVS_SVC_ATTR_SCHED_NAME],
  attributes: new Map([
    ...SERVICE_IDENTITY,
    ...values(IPVS_SVC_ATTR, [
      ["IPVS_SVC_ATTR_ADDR", "bytes16", SERVICE.address],
      ["IPVS_SVC_ATTR_SCHED_NAME", "text", SERVICE.schedName],
      ["IPVS_SVC_ATTR_FLAGS", "flags", SERVICE.flags],
      ["IPVS_SVC_ATTR_TIMEOUT", "u32", SERVICE.timeout],
      ["IPVS_SVC_ATTR_NETMASK", "u32", SERVICE.netmask],
      ["IPVS_SVC_ATTR_PE_NAME", "text", SERVICE.peName],
    ]),
    ...statsNests(IPVS_SVC_ATTR, "IPVS_SVC_ATTR_STATS", "IPVS_SVC_ATTR_STATS64"),
  ]),
};

/**
 * The attributes that identify a service, in a request or a reply. A request may shorten an IPv4
 * address to 4 bytes.
 */
export const SERVICE_IDENTITY_TABLE: Table = {
  name: "IPVS_CMD_ATTR_SERVICE",
  envelope: IPVS_CMD_ATTR.IPVS_CMD_ATTR_SERVICE,
  required: [IPVS_SVC_ATTR.IPVS_SVC_ATTR_AF],
  attributes: new Map([
    ...SERVICE_IDENTITY,
    ...values(IPVS_SVC_ATTR, [["IPVS_SVC_ATTR_ADDR", "address", SERVICE.address]]),
  ]),
};

/** What identifies a destination among those of its service. */
const DESTINATION_IDENTITY = values(IPVS_DEST_ATTR, [
  ["IPVS_DEST_ATTR_ADDR", "bytes16", DESTINATION.address],
  ["IPVS_DEST_ATTR_PORT", "be16", DESTINATION.port],
  ["IPVS_DEST_ATTR_ADDR_FAMILY", "u16", DESTINATION.addressFamily],
]);

/** IPVS_DEST_ATTR_*. */
export const DESTINATION_TABLE: Table = {
  name: "IPVS_CMD_ATTR_DEST",
  envelope: IPVS_CMD_ATTR.IPVS_CMD_ATTR_DEST,
  required: [
    IPVS_DEST_ATTR.IPVS_DEST_ATTR_ADDR,
    IPVS_DEST_ATTR.IPVS_DEST_ATTR_PORT,
    IPVS_DEST_ATTR.IPVS_DEST_ATTR_FWD_METHOD,
    IPVS_DEST_ATTR.IPVS_DEST_ATTR_WEIGHT,
  ],
  attributes: new Map([
    ...DESTINATION_IDENTITY,
    ...values(IPVS_DEST_ATTR, [
      ["IPVS_DEST_ATTR_FWD_METHOD", "u32", DESTINATION.forwardingMethod],
      ["IPVS_DEST_ATTR_WEIGHT", "u32", DESTINATION.weight],
      ["IPVS_DEST_ATTR_U_THRESH", "u32", DESTINATION.upperThreshold],
      ["IPVS_DEST_ATTR_L_THRESH", "u32", DESTINATION.lowerThreshold],
      ["IPVS_DEST_ATTR_ACTIVE_CONNS", "u32", DESTINATION.activeConnections],
      ["IPVS_DEST_ATTR_INACT_CONNS", "u32", DESTINATION.inactiveConnections],
      ["IPVS_DEST_ATTR_PERSIST_CONNS", "u32", DESTINATION.persistentConnections],
      ["IPVS_DEST_ATTR_TUN_TYPE", "u8", DESTINATION.tunnelType],
      ["IPVS_DEST_ATTR_TUN_PORT", "be16", DESTINATION.tunnelPort],
      ["IPVS_DEST_ATTR_TUN_FLAGS", "u16", DESTINATION.tunnelFlags],
    ]),
    ...statsNests(IPVS_DEST_ATTR, "IPVS_DEST_ATTR_STATS", "IPVS_DEST_ATTR_STATS64"),
  ]),
};

/** The attributes that identify a destination among those of its service. */
export const DESTINATION_IDENTITY_TABLE: Table = {
  name: "IPVS_CMD_ATTR_DEST",
  envelope: IPVS_CMD_ATTR.IPVS_CMD_ATTR_DEST,
  required: [IPVS_DEST_ATTR.IPVS_DEST_ATTR_ADDR, IPVS_DEST_ATTR.IPVS_DEST_ATTR_PORT],
  attributes: new Map(DESTINATION_IDENTITY),
};

/** IPVS_DAEMON_ATTR_*. */
export const DAEMON_TABLE: Table = {
  name: "IPVS_CMD_ATTR_DAEMON",
  envelope: IPVS_CMD_ATTR.IPVS_CMD_ATTR_DAEMON,
  required: [IPVS_DAEMON_ATTR.IPVS_DAEMON_ATTR_STATE],
  attributes: new Map(values(IPVS_DAEMON_ATTR, [
    ["IPVS_DAEMON_ATTR_STATE", "u32", DAEMON.state],
    ["IPVS_DAEMON_ATTR_MCAST_IFN", "text", DAEMON.mcastIfn],
    ["IPVS_DAEMON_ATTR_SYNC_ID", "u32", DAEMON.syncId],
    ["IPVS_DAEMON_ATTR_SYNC_MAXLEN", "u16", DAEMON.syncMaxlen],
    ["IPVS_DAEMON_ATTR_MCAST_GROUP", "bytes4", DAEMON.mcastGroup],
    ["IPVS_DAEMON_ATTR_MCAST_GROUP6", "bytes16", DAEMON.mcastGroup6],
    ["IPVS_DAEMON_ATTR_MCAST_PORT", "u16", DAEMON.mcastPort],
    ["IPVS_DAEMON_ATTR_MCAST_TTL", "u8", DAEMON.mcastTtl],
  ])),
};

/** IPVS_INFO_ATTR_*: the reply to GET_INFO, which is not nested. */
export const INFO_TABLE: Table = {
  name: "IPVS_CMD_SET_INFO",
  required: [IPVS_INFO_ATTR.IPVS_INFO_ATTR_VERSION],
  attributes: new Map(values(IPVS_INFO_ATTR, [
    ["IPVS_INFO_ATTR_VERSION", "u32", INFO.version],
    ["IPVS_INFO_ATTR_CONN_TAB_SIZE", "u32", INFO.connTabSize],
  ])),
};

/** IPVS_CMD_ATTR_TIMEOUT_*: the reply to GET_CONFIG, which is not nested. */
export const CONFIG_TABLE: Table = {
  name: "IPVS_CMD_SET_CONFIG",
  required: [],
  attributes: new Map(values(IPVS_CMD_ATTR, [
    ["IPVS_CMD_ATTR_TIMEOUT_TCP", "u32", CONFIG.timeoutTcp],
    ["IPVS_CMD_ATTR_TIMEOUT_TCP_FIN", "u32", CONFIG.timeoutTcpFin],
    ["IPVS_CMD_ATTR_TIMEOUT_UDP", "u32", CONFIG.timeoutUdp],
  ])),
};
