/**
 * What a group of connections is: its kind, and its addresses as text.
 *
 * @module
 */
import {
  connectionAddress,
  connectionEndpoint,
  connectionFamily,
  connectionFwmark,
  connectionProtocol,
  connectionService,
} from "../ipvs/connection_names.ts";
import type { ConnectionGroup } from "./connection_sums.ts";

/**
 * `connection`: a connection; `template`: the note of a persistent virtual server which real server a
 * client has; `invalid-template`: one that the kernel does not use any more, which only waits for
 * its end: its real server was gone, or had weight 0 with expire_quiescent_template.
 */
export type ConnectionKind = "connection" | "template" | "invalid-template";

/** The states of persistence templates since Linux 4.19. */
const TEMPLATE_STATES: ReadonlySet<string> = new Set(["NONE", "ASSURED"]);
/** The destination port of a template that the kernel does not use any more. */
const INVALID_PORT = 0xffff;
const ANY_PROTOCOL = 0;

/** A group's kind and its addresses. */
export interface ConnectionTarget {
  readonly group: ConnectionGroup;
  readonly kind: ConnectionKind;
  /** `tcp`, `udp`, `sctp` or a number; null for the templates of a fwmark. */
  readonly protocol: string | null;
  /** `inet` or `inet6`. */
  readonly addressFamily: "inet" | "inet6";
  /** 1 to 4294967295; null for what is not a template of a fwmark. */
  readonly fwmark: number | null;
  /** The virtual address; null for the templates of a fwmark. */
  readonly address: string | null;
  /** The virtual port; 0 for templates of any port. */
  readonly port: number;
  /** As in the key of a virtual server: `tcp 192.0.2.1:80` or `fwmark 7 inet`. */
  readonly service: string;
  /** Address of the real server. */
  readonly realAddress: string;
  /** Port of the real server; 0 for templates of any port. */
  readonly realPort: number;
  /** Address and port of the real server as in its key; null without one, see cache_bypass. */
  readonly real: string | null;
}

/**
 * Whether entries with client port 0 are templates: the expected data connections of FTP have no
 * client port either, but another state, as may have UDP from port 0.
 */
export function isTemplate({ hasNoClientPort, state }: ConnectionGroup): boolean {
  return hasNoClientPort && TEMPLATE_STATES.has(state);
}

/** The kind and the addresses of a group. */
export function targetOf(group: ConnectionGroup): ConnectionTarget {
  const { protocol, isInet6, addresses, virtualPort: port, destinationPort: realPort } = group;
  const isFwmark = protocol === ANY_PROTOCOL;
  const address = connectionAddress(isInet6, addresses);
  const realAddress = connectionAddress(group.isDestinationInet6, addresses, 4);
  const isBypassed = realPort === 0 && addresses.subarray(4).every((word) => word === 0);
  const service = isFwmark
    ? connectionFwmark(addresses[0]!, isInet6)
    : connectionService(protocol, address, port);
  return {
    group,
    kind: kindOf(group),
    protocol: isFwmark ? null : connectionProtocol(protocol),
    addressFamily: connectionFamily(isInet6),
    fwmark: isFwmark ? addresses[0]! : null,
    address: isFwmark ? null : address,
    port,
    service,
    realAddress,
    realPort,
    real: isBypassed ? null : connectionEndpoint(realAddress, realPort),
  };
}

function kindOf(group: ConnectionGroup): ConnectionKind {
  if (!isTemplate(group)) return "connection";
  return group.destinationPort === INVALID_PORT ? "invalid-template" : "template";
}
