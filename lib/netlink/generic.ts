/**
 * Generic netlink: looks up a family by name.
 *
 * @module
 */
import { expectWidth, readAttributes } from "./attributes.ts";
import { DecodeError } from "./errors.ts";
import type { NetlinkClient } from "./client.ts";
import {
  CTRL_ATTR_FAMILY_ID,
  CTRL_ATTR_FAMILY_NAME,
  CTRL_ATTR_VERSION,
  CTRL_CMD_GETFAMILY,
  CTRL_CMD_NEWFAMILY,
  GENL_ID_CTRL,
} from "./uapi.ts";

/** A generic netlink family. */
export interface Family {
  /** The number that the running kernel assigned to it, the message type of its requests. */
  readonly id: number;
  /** The version of its protocol. */
  readonly version: number;
}

/**
 * Asks the kernel's family controller for a family.
 *
 * @throws {NetlinkError} with errno ENOENT if the family does not exist.
 * @throws {DecodeError} if the reply is malformed or has no family number.
 */
export function lookupFamily(client: NetlinkClient, name: string): Family {
  let id: number | undefined;
  let version = 0;
  client.request({
    name: "CTRL_CMD_GETFAMILY",
    type: GENL_ID_CTRL,
    flags: 0,
    command: CTRL_CMD_GETFAMILY,
    version: 1,
    reply: CTRL_CMD_NEWFAMILY,
    attributes: (builder) =>
      builder.bytes(CTRL_ATTR_FAMILY_NAME, new TextEncoder().encode(`${name}\0`)),
  }, (datagram, start, end) => {
    readAttributes(datagram, start, end, (type, offset, length) => {
      if (type === CTRL_ATTR_FAMILY_ID) {
        expectWidth("CTRL_ATTR_FAMILY_ID", offset, length, 2);
        id = datagram.view.getUint16(offset, datagram.littleEndian);
      } else if (type === CTRL_ATTR_VERSION) {
        expectWidth("CTRL_ATTR_VERSION", offset, length, 4);
        version = datagram.view.getUint32(offset, datagram.littleEndian);
      }
    });
  });
  if (id === undefined) {
    throw new DecodeError(`Cannot find the number of family ${name}: it is missing from the reply`);
  }
  return { id, version };
}
