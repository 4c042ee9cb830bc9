/**
 * The five requests that this program can send. All of them only read; the commands that change
 * something are not defined here.
 *
 * @module
 */
import type { Request } from "../netlink/client.ts";
import type { Family } from "../netlink/generic.ts";
import type { RequestBuilder } from "../netlink/message.ts";
import { NLM_F_DUMP } from "../netlink/uapi.ts";
import { SERVICE } from "./columns.ts";
import type { Rows } from "./rows.ts";
import {
  IPVS_CMD_ATTR,
  IPVS_CMD_GET_CONFIG,
  IPVS_CMD_GET_DAEMON,
  IPVS_CMD_GET_DEST,
  IPVS_CMD_GET_INFO,
  IPVS_CMD_GET_SERVICE,
  IPVS_CMD_NEW_DAEMON,
  IPVS_CMD_NEW_DEST,
  IPVS_CMD_NEW_SERVICE,
  IPVS_CMD_SET_CONFIG,
  IPVS_CMD_SET_INFO,
  IPVS_SVC_ATTR,
} from "./uapi.ts";

/** The kernel's names of the requests, by command. */
export const REQUEST_NAMES: Readonly<Record<number, string>> = {
  [IPVS_CMD_GET_SERVICE]: "IPVS_CMD_GET_SERVICE",
  [IPVS_CMD_GET_DEST]: "IPVS_CMD_GET_DEST",
  [IPVS_CMD_GET_DAEMON]: "IPVS_CMD_GET_DAEMON",
  [IPVS_CMD_GET_CONFIG]: "IPVS_CMD_GET_CONFIG",
  [IPVS_CMD_GET_INFO]: "IPVS_CMD_GET_INFO",
};

/** Makes requests to the family IPVS. */
export class Requests {
  readonly #family: Family;

  /** Uses the family's number, which differs from boot to boot. */
  constructor(family: Family) {
    this.#family = family;
  }

  /** The version of IPVS and the size of its connection table. */
  info(): Request {
    return this.#make(IPVS_CMD_GET_INFO, IPVS_CMD_SET_INFO, 0);
  }

  /** The connection timeouts. */
  config(): Request {
    return this.#make(IPVS_CMD_GET_CONFIG, IPVS_CMD_SET_CONFIG, 0);
  }

  /** Every sync daemon. */
  daemons(): Request {
    return this.#make(IPVS_CMD_GET_DAEMON, IPVS_CMD_NEW_DAEMON, NLM_F_DUMP);
  }

  /** Every service. */
  services(): Request {
    return this.#make(IPVS_CMD_GET_SERVICE, IPVS_CMD_NEW_SERVICE, NLM_F_DUMP);
  }

  /** One service; the kernel replies with ESRCH if it does not exist. */
  service(rows: Rows, row: number): Request {
    const identity = (builder: RequestBuilder) => appendIdentity(builder, rows, row);
    return this.#make(IPVS_CMD_GET_SERVICE, IPVS_CMD_NEW_SERVICE, 0, identity);
  }

  /** Every destination of a service; none if the service does not exist. */
  destinations(rows: Rows, row: number): Request {
    const identity = (builder: RequestBuilder) => appendIdentity(builder, rows, row);
    return this.#make(IPVS_CMD_GET_DEST, IPVS_CMD_NEW_DEST, NLM_F_DUMP, identity);
  }

  #make(
    command: number,
    reply: number,
    flags: number,
    attributes?: (builder: RequestBuilder) => void,
  ): Request {
    const { id: type, version } = this.#family;
    const name = REQUEST_NAMES[command]!;
    return { name, type, version, command, reply, flags, attributes };
  }
}

/** Appends what identifies a service: its family, and its fwmark or protocol, address and port. */
function appendIdentity(builder: RequestBuilder, rows: Rows, row: number): void {
  const words = rows.words(row), at = rows.at(row);
  builder.nest(IPVS_CMD_ATTR.IPVS_CMD_ATTR_SERVICE, () => {
    builder.u16(IPVS_SVC_ATTR.IPVS_SVC_ATTR_AF, words[at + SERVICE.addressFamily]!);
    const mark = words[at + SERVICE.fwmark]!;
    if (mark !== 0) {
      builder.u32(IPVS_SVC_ATTR.IPVS_SVC_ATTR_FWMARK, mark);
      return;
    }
    builder
      .u16(IPVS_SVC_ATTR.IPVS_SVC_ATTR_PROTOCOL, words[at + SERVICE.protocol]!)
      .words(IPVS_SVC_ATTR.IPVS_SVC_ATTR_ADDR, words, at + SERVICE.address, 4)
      .be16(IPVS_SVC_ATTR.IPVS_SVC_ATTR_PORT, words[at + SERVICE.port]!);
  });
}
