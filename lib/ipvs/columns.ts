/**
 * The columns of a decoded row.
 *
 * A row consists of 32-bit columns in the host's byte order. A 64-bit value takes two columns, the
 * low half first; an address or a name takes four, as raw bytes. Bit n of column
 * {@linkcode PRESENT} is set if the kernel sent an attribute of type n.
 *
 * @module
 */

/** The column that has a bit for each attribute of the top nest. */
export const PRESENT = 0;

/** First column of each of the ten statistics, which take two columns each. */
export const STATS = {
  connections: 7,
  pktsIn: 9,
  pktsOut: 11,
  bytesIn: 13,
  bytesOut: 15,
  cps: 17,
  ppsIn: 19,
  ppsOut: 21,
  bytesInPerSecond: 23,
  bytesOutPerSecond: 25,
} as const;

/** Columns that services and destinations have in common. */
export const SERVER = { addressFamily: 1, port: 2, address: 3, ...STATS } as const;

/** Columns of a service. */
export const SERVICE = {
  ...SERVER,
  protocol: 27,
  fwmark: 28,
  flags: 29,
  timeout: 30,
  netmask: 31,
  schedName: 32,
  peName: 36,
  width: 40,
} as const;

/** Columns of a destination. */
export const DESTINATION = {
  ...SERVER,
  forwardingMethod: 27,
  weight: 28,
  upperThreshold: 29,
  lowerThreshold: 30,
  activeConnections: 31,
  inactiveConnections: 32,
  persistentConnections: 33,
  tunnelType: 34,
  tunnelPort: 35,
  tunnelFlags: 36,
  width: 37,
} as const;

/** Columns of a sync daemon. */
export const DAEMON = {
  state: 1,
  syncId: 2,
  syncMaxlen: 3,
  mcastPort: 4,
  mcastTtl: 5,
  mcastGroup: 6,
  mcastGroup6: 7,
  mcastIfn: 11,
  width: 15,
} as const;

/** Columns of the reply to GET_INFO. */
export const INFO = { version: 1, connTabSize: 2, width: 3 } as const;

/** Columns of the reply to GET_CONFIG, in seconds. */
export const CONFIG = { timeoutTcp: 1, timeoutTcpFin: 2, timeoutUdp: 3, width: 4 } as const;
