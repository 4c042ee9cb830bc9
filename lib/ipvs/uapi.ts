/**
 * The kernel's own names and numbers for IPVS, from `include/uapi/linux/ip_vs.h`, in its order.
 *
 * @module
 */

export const IPVS_GENL_NAME = "IPVS";

// Commands. Only those that read, and those of their replies: no others can be sent.
export const IPVS_CMD_NEW_SERVICE = 1; // the reply to GET_SERVICE
export const IPVS_CMD_GET_SERVICE = 4;
export const IPVS_CMD_NEW_DEST = 5; // the reply to GET_DEST
export const IPVS_CMD_GET_DEST = 8;
export const IPVS_CMD_NEW_DAEMON = 9; // the reply to GET_DAEMON
export const IPVS_CMD_GET_DAEMON = 11;
export const IPVS_CMD_SET_CONFIG = 12; // the reply to GET_CONFIG
export const IPVS_CMD_GET_CONFIG = 13;
export const IPVS_CMD_SET_INFO = 14; // the reply to GET_INFO
export const IPVS_CMD_GET_INFO = 15;

export const IPVS_CMD_ATTR = {
  IPVS_CMD_ATTR_SERVICE: 1,
  IPVS_CMD_ATTR_DEST: 2,
  IPVS_CMD_ATTR_DAEMON: 3,
  IPVS_CMD_ATTR_TIMEOUT_TCP: 4,
  IPVS_CMD_ATTR_TIMEOUT_TCP_FIN: 5,
  IPVS_CMD_ATTR_TIMEOUT_UDP: 6,
} as const;

export const IPVS_SVC_ATTR = {
  IPVS_SVC_ATTR_AF: 1,
  IPVS_SVC_ATTR_PROTOCOL: 2,
  IPVS_SVC_ATTR_ADDR: 3,
  IPVS_SVC_ATTR_PORT: 4,
  IPVS_SVC_ATTR_FWMARK: 5,
  IPVS_SVC_ATTR_SCHED_NAME: 6,
  IPVS_SVC_ATTR_FLAGS: 7,
  IPVS_SVC_ATTR_TIMEOUT: 8,
  IPVS_SVC_ATTR_NETMASK: 9,
  IPVS_SVC_ATTR_STATS: 10,
  IPVS_SVC_ATTR_PE_NAME: 11,
  IPVS_SVC_ATTR_STATS64: 12,
} as const;

export const IPVS_DEST_ATTR = {
  IPVS_DEST_ATTR_ADDR: 1,
  IPVS_DEST_ATTR_PORT: 2,
  IPVS_DEST_ATTR_FWD_METHOD: 3,
  IPVS_DEST_ATTR_WEIGHT: 4,
  IPVS_DEST_ATTR_U_THRESH: 5,
  IPVS_DEST_ATTR_L_THRESH: 6,
  IPVS_DEST_ATTR_ACTIVE_CONNS: 7,
  IPVS_DEST_ATTR_INACT_CONNS: 8,
  IPVS_DEST_ATTR_PERSIST_CONNS: 9,
  IPVS_DEST_ATTR_STATS: 10,
  IPVS_DEST_ATTR_ADDR_FAMILY: 11,
  IPVS_DEST_ATTR_STATS64: 12,
  IPVS_DEST_ATTR_TUN_TYPE: 13,
  IPVS_DEST_ATTR_TUN_PORT: 14,
  IPVS_DEST_ATTR_TUN_FLAGS: 15,
} as const;

export const IPVS_DAEMON_ATTR = {
  IPVS_DAEMON_ATTR_STATE: 1,
  IPVS_DAEMON_ATTR_MCAST_IFN: 2,
  IPVS_DAEMON_ATTR_SYNC_ID: 3,
  IPVS_DAEMON_ATTR_SYNC_MAXLEN: 4,
  IPVS_DAEMON_ATTR_MCAST_GROUP: 5,
  IPVS_DAEMON_ATTR_MCAST_GROUP6: 6,
  IPVS_DAEMON_ATTR_MCAST_PORT: 7,
  IPVS_DAEMON_ATTR_MCAST_TTL: 8,
} as const;

export const IPVS_STATS_ATTR = {
  IPVS_STATS_ATTR_CONNS: 1,
  IPVS_STATS_ATTR_INPKTS: 2,
  IPVS_STATS_ATTR_OUTPKTS: 3,
  IPVS_STATS_ATTR_INBYTES: 4,
  IPVS_STATS_ATTR_OUTBYTES: 5,
  IPVS_STATS_ATTR_CPS: 6,
  IPVS_STATS_ATTR_INPPS: 7,
  IPVS_STATS_ATTR_OUTPPS: 8,
  IPVS_STATS_ATTR_INBPS: 9,
  IPVS_STATS_ATTR_OUTBPS: 10,
  IPVS_STATS_ATTR_PAD: 11,
} as const;

export const IPVS_INFO_ATTR = {
  IPVS_INFO_ATTR_VERSION: 1,
  IPVS_INFO_ATTR_CONN_TAB_SIZE: 2,
} as const;

// Address families and protocols, from `linux/socket.h` and `linux/in.h`.
export const AF_INET = 2;
export const AF_INET6 = 10;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_SCTP = 132;

// Virtual service flags
export const IP_VS_SVC_F_PERSISTENT = 0x0001;
export const IP_VS_SVC_F_HASHED = 0x0002;
export const IP_VS_SVC_F_ONEPACKET = 0x0004;
export const IP_VS_SVC_F_SCHED1 = 0x0008;
export const IP_VS_SVC_F_SCHED2 = 0x0010;
export const IP_VS_SVC_F_SCHED3 = 0x0020;

// Destination: the forwarding method is in the low bits of its connection flags.
export const IP_VS_CONN_F_FWD_MASK = 0x0007;
export const IP_VS_CONN_F_MASQ = 0;
export const IP_VS_CONN_F_LOCALNODE = 1;
export const IP_VS_CONN_F_TUNNEL = 2;
export const IP_VS_CONN_F_DROUTE = 3;
export const IP_VS_CONN_F_BYPASS = 4;

// Tunnel types and flags
export const IP_VS_CONN_F_TUNNEL_TYPE_IPIP = 0;
export const IP_VS_CONN_F_TUNNEL_TYPE_GUE = 1;
export const IP_VS_CONN_F_TUNNEL_TYPE_GRE = 2;
export const IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM = 0;
export const IP_VS_TUNNEL_ENCAP_FLAG_CSUM = 1;
export const IP_VS_TUNNEL_ENCAP_FLAG_REMCSUM = 2;

// Sync daemon states
export const IP_VS_STATE_MASTER = 1;
export const IP_VS_STATE_BACKUP = 2;

/** Scheduler, persistence engine and interface names have at most 15 bytes and a NUL. */
export const IP_VS_NAME_MAXLEN = 16;
