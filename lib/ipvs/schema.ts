/**
 * The attribute tables: for every attribute its kernel name, its wire type, and the slots of a
 * record that its value goes to. Width and byte order are said here and nowhere else.
 *
 * A record is a row of 32-bit slots in the host's byte order; a 64-bit value takes two, the low
 * half first; addresses and names are kept as raw bytes in four. Slot {@linkcode PRESENT} has
 * bit n set for each attribute of type n that was there.
 *
 * @module
 */
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
 * Wire types: unsigned integers in the sender's byte order, `be16` in network byte order,
 * `flags` as {u32 flags, u32 mask}, 4 and 16 raw bytes, and NUL-terminated text of at most 16 bytes.
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
  | "text";

/** Width of each wire type in bytes; a text may be shorter. */
export const WIDTH: Readonly<Record<WireType, number>> = {
  u8: 1,
  u16: 2,
  be16: 2,
  u32: 4,
  u64: 8,
  flags: 8,
  bytes4: 4,
  bytes16: 16,
  text: IP_VS_NAME_MAXLEN,
};

/**
 * One attribute of a table: a value that goes to a slot, padding that only aligns the next one, or a
 * nest with a table of its own. A nest that yields is checked, but its values are not taken where
 * the other attribute is there too.
 */
export type Attribute =
  | { readonly name: string; readonly type: WireType; readonly slot: number }
  | { readonly name: string; readonly padding: true }
  | { readonly name: string; readonly nest: Table; readonly yieldsTo?: number };

/** The attributes of one nest, by their number. */
export interface Table {
  readonly name: string;
  readonly attributes: ReadonlyMap<number, Attribute>;
  /** Number of the attribute that the answer wraps this nest in; none where it is not nested. */
  readonly envelope?: number;
  /** Numbers of the attributes without which the nest means nothing. */
  readonly required: readonly number[];
}

/** The slot that holds a bit for each attribute of the top nest. */
export const PRESENT = 0;

/** The ten values of a stats nest as slots of a record, each two slots wide. */
export interface StatsSlots {
  readonly connections: number;
  readonly pktsIn: number;
  readonly pktsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly cps: number;
  readonly ppsIn: number;
  readonly ppsOut: number;
  readonly bytesInPerSecond: number;
  readonly bytesOutPerSecond: number;
}

function statsSlots(first: number): StatsSlots {
  return {
    connections: first,
    pktsIn: first + 2,
    pktsOut: first + 4,
    bytesIn: first + 6,
    bytesOut: first + 8,
    cps: first + 10,
    ppsIn: first + 12,
    ppsOut: first + 14,
    bytesInPerSecond: first + 16,
    bytesOutPerSecond: first + 18,
  };
}

/** Slots of a service record. */
export const SERVICE = {
  addressFamily: 1,
  protocol: 2,
  port: 3,
  fwmark: 4,
  flags: 5,
  timeout: 6,
  netmask: 7,
  address: 8,
  schedName: 12,
  peName: 16,
  stats: statsSlots(20),
  slots: 40,
} as const;

/** Slots of a destination record. */
export const DESTINATION = {
  addressFamily: 1,
  port: 2,
  forwardingMethod: 3,
  weight: 4,
  upperThreshold: 5,
  lowerThreshold: 6,
  activeConnections: 7,
  inactiveConnections: 8,
  persistentConnections: 9,
  tunnelType: 10,
  tunnelPort: 11,
  tunnelFlags: 12,
  address: 13,
  stats: statsSlots(17),
  slots: 37,
} as const;

/** Slots of a sync daemon record. */
export const DAEMON = {
  state: 1,
  syncId: 2,
  syncMaxlen: 3,
  mcastPort: 4,
  mcastTtl: 5,
  mcastGroup: 6,
  mcastGroup6: 7,
  mcastIfn: 11,
  slots: 15,
} as const;

/** Slots of the answer to GET_INFO. */
export const INFO = { version: 1, connTabSize: 2, slots: 3 } as const;

/** Slots of the answer to GET_CONFIG, in seconds. */
export const CONFIG = { timeoutTcp: 1, timeoutTcpFin: 2, timeoutUdp: 3, slots: 4 } as const;

type Row<Names> = readonly [name: keyof Names & string, type: WireType, slot: number];

function values<Names extends Readonly<Record<string, number>>>(
  numbers: Names,
  rows: readonly Row<Names>[],
): [number, Attribute][] {
  return rows.map(([name, type, slot]) => [numbers[name] as number, { name, type, slot }]);
}

/** IPVS_STATS_ATTR_*: with `wide` every value has 64 bits, else only the bytes have. */
function statsTable(name: string, slots: StatsSlots, wide: boolean): Table {
  const small = wide ? "u64" : "u32";
  const attributes = values(IPVS_STATS_ATTR, [
    ["IPVS_STATS_ATTR_CONNS", small, slots.connections],
    ["IPVS_STATS_ATTR_INPKTS", small, slots.pktsIn],
    ["IPVS_STATS_ATTR_OUTPKTS", small, slots.pktsOut],
    ["IPVS_STATS_ATTR_INBYTES", "u64", slots.bytesIn],
    ["IPVS_STATS_ATTR_OUTBYTES", "u64", slots.bytesOut],
    ["IPVS_STATS_ATTR_CPS", small, slots.cps],
    ["IPVS_STATS_ATTR_INPPS", small, slots.ppsIn],
    ["IPVS_STATS_ATTR_OUTPPS", small, slots.ppsOut],
    ["IPVS_STATS_ATTR_INBPS", small, slots.bytesInPerSecond],
    ["IPVS_STATS_ATTR_OUTBPS", small, slots.bytesOutPerSecond],
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
  slots: StatsSlots,
): [number, Attribute][] {
  const yieldsTo = numbers[wide] as number;
  return [
    [numbers[narrow] as number, {
      name: narrow,
      nest: statsTable(narrow, slots, false),
      yieldsTo,
    }],
    [yieldsTo, { name: wide, nest: statsTable(wide, slots, true) }],
  ];
}

/** IPVS_SVC_ATTR_*. */
export const SERVICE_TABLE: Table = {
  name: "IPVS_CMD_ATTR_SERVICE",
  envelope: IPVS_CMD_ATTR.IPVS_CMD_ATTR_SERVICE,
  required: [IPVS_SVC_ATTR.IPVS_SVC_ATTR_AF, IPVS_SVC_ATTR.IPVS_SVC_ATTR_SCHED_NAME],
  attributes: new Map([
    ...values(IPVS_SVC_ATTR, [
      ["IPVS_SVC_ATTR_AF", "u16", SERVICE.addressFamily],
      ["IPVS_SVC_ATTR_PROTOCOL", "u16", SERVICE.protocol],
      ["IPVS_SVC_ATTR_ADDR", "bytes16", SERVICE.address],
      ["IPVS_SVC_ATTR_PORT", "be16", SERVICE.port],
      ["IPVS_SVC_ATTR_FWMARK", "u32", SERVICE.fwmark],
      ["IPVS_SVC_ATTR_SCHED_NAME", "text", SERVICE.schedName],
      ["IPVS_SVC_ATTR_FLAGS", "flags", SERVICE.flags],
      ["IPVS_SVC_ATTR_TIMEOUT", "u32", SERVICE.timeout],
      ["IPVS_SVC_ATTR_NETMASK", "u32", SERVICE.netmask],
      ["IPVS_SVC_ATTR_PE_NAME", "text", SERVICE.peName],
    ]),
    ...statsNests(
      IPVS_SVC_ATTR,
      "IPVS_SVC_ATTR_STATS",
      "IPVS_SVC_ATTR_STATS64",
      SERVICE.stats,
    ),
  ]),
};

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
    ...values(IPVS_DEST_ATTR, [
      ["IPVS_DEST_ATTR_ADDR", "bytes16", DESTINATION.address],
      ["IPVS_DEST_ATTR_PORT", "be16", DESTINATION.port],
      ["IPVS_DEST_ATTR_FWD_METHOD", "u32", DESTINATION.forwardingMethod],
      ["IPVS_DEST_ATTR_WEIGHT", "u32", DESTINATION.weight],
      ["IPVS_DEST_ATTR_U_THRESH", "u32", DESTINATION.upperThreshold],
      ["IPVS_DEST_ATTR_L_THRESH", "u32", DESTINATION.lowerThreshold],
      ["IPVS_DEST_ATTR_ACTIVE_CONNS", "u32", DESTINATION.activeConnections],
      ["IPVS_DEST_ATTR_INACT_CONNS", "u32", DESTINATION.inactiveConnections],
      ["IPVS_DEST_ATTR_PERSIST_CONNS", "u32", DESTINATION.persistentConnections],
      ["IPVS_DEST_ATTR_ADDR_FAMILY", "u16", DESTINATION.addressFamily],
      ["IPVS_DEST_ATTR_TUN_TYPE", "u8", DESTINATION.tunnelType],
      ["IPVS_DEST_ATTR_TUN_PORT", "be16", DESTINATION.tunnelPort],
      ["IPVS_DEST_ATTR_TUN_FLAGS", "u16", DESTINATION.tunnelFlags],
    ]),
    ...statsNests(
      IPVS_DEST_ATTR,
      "IPVS_DEST_ATTR_STATS",
      "IPVS_DEST_ATTR_STATS64",
      DESTINATION.stats,
    ),
  ]),
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

/** IPVS_INFO_ATTR_*: the answer to GET_INFO, which is not nested. */
export const INFO_TABLE: Table = {
  name: "IPVS_CMD_SET_INFO",
  required: [IPVS_INFO_ATTR.IPVS_INFO_ATTR_VERSION],
  attributes: new Map(values(IPVS_INFO_ATTR, [
    ["IPVS_INFO_ATTR_VERSION", "u32", INFO.version],
    ["IPVS_INFO_ATTR_CONN_TAB_SIZE", "u32", INFO.connTabSize],
  ])),
};

/** IPVS_CMD_ATTR_TIMEOUT_*: the answer to GET_CONFIG, which is not nested. */
export const CONFIG_TABLE: Table = {
  name: "IPVS_CMD_SET_CONFIG",
  required: [],
  attributes: new Map(values(IPVS_CMD_ATTR, [
    ["IPVS_CMD_ATTR_TIMEOUT_TCP", "u32", CONFIG.timeoutTcp],
    ["IPVS_CMD_ATTR_TIMEOUT_TCP_FIN", "u32", CONFIG.timeoutTcpFin],
    ["IPVS_CMD_ATTR_TIMEOUT_UDP", "u32", CONFIG.timeoutUdp],
  ])),
};
