/**
 * Constants of netlink and generic netlink, under the kernel's names, from
 * `include/uapi/linux/netlink.h` and `include/uapi/linux/genetlink.h`.
 *
 * @module
 */

export const AF_NETLINK = 16;
export const NETLINK_GENERIC = 16;

// struct nlmsghdr { u32 len; u16 type; u16 flags; u32 seq; u32 pid; }
export const NLMSG_HDRLEN = 16;
export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;
/** Lower types are control messages; families have numbers from here on. */
export const NLMSG_MIN_TYPE = 0x10;

export const NLM_F_REQUEST = 0x01;
export const NLM_F_MULTI = 0x02;
export const NLM_F_DUMP = 0x300;
/** In an error: it contains only the header of the failed request. */
export const NLM_F_CAPPED = 0x100;
/** In an error or DONE: extended ACK attributes follow. */
export const NLM_F_ACK_TLVS = 0x200;

// enum nlmsgerr_attrs
export const NLMSGERR_ATTR_MSG = 1;

// struct nlattr { u16 len; u16 type; }
export const NLA_HDRLEN = 4;
/** Removes NLA_F_NESTED and NLA_F_NET_BYTEORDER from a type. */
export const NLA_TYPE_MASK = 0x3fff;

// struct genlmsghdr { u8 cmd; u8 version; u16 reserved; }
export const GENL_HDRLEN = 4;
export const GENL_ID_CTRL = 0x10;

export const CTRL_CMD_NEWFAMILY = 1;
export const CTRL_CMD_GETFAMILY = 3;
export const CTRL_ATTR_FAMILY_ID = 1;
export const CTRL_ATTR_FAMILY_NAME = 2;
export const CTRL_ATTR_VERSION = 3;
