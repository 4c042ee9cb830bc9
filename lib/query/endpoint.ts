/**
 * Patterns of addresses and ports, such as `tcp://10.0.0.0/24:80`.
 *
 * @module
 */
import { PROTOCOL_NAMES } from "../ipvs/names.ts";
import { type Network, parseNetwork } from "../ipvs/network.ts";

/** What a pattern names; what it leaves out matches anything. */
export interface Endpoint {
  /** `tcp`, `udp`, `sctp` or a number from 0 to 255. */
  readonly protocol?: string | undefined;
  /** A single address, or all addresses with a prefix. */
  readonly network?: Network | undefined;
  /** 0 to 65535. */
  readonly port?: number | undefined;
}

/**
 * Parses `[PROTOCOL://][HOST][:PORT]`. HOST is an address or a network such as `10.0.0.0/8`; one of
 * IPv6 is in brackets if a port follows: `[2001:db8::]:443` or `[2001:db8::]/32:443`.
 *
 * @returns undefined if the text is no such pattern, or has none of the three parts.
 */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, protocol, rest = ""] = /^(?:([a-z]+|\d+):\/\/)?(.*)$/s.exec(text) ?? [];
  if (protocol !== undefined && !isProtocol(protocol)) return undefined;
  const whole = parseNetwork(rest);
  if (whole !== undefined) return { protocol, network: whole };
  const [, bracketed, length = "", plain, digits] =
    /^(?:\[([^\]]*)\](\/\d+)?|([^:[\]]*))(?::(\d{1,5}))?$/.exec(rest) ?? [];
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && port > 65535) return undefined;
  const host = bracketed === undefined ? plain : `${bracketed}${length}`;
  if (host === undefined) return undefined;
  if (host === "") {
    return protocol === undefined && port === undefined ? undefined : { protocol, port };
  }
  const network = parseNetwork(host);
  return network === undefined ? undefined : { protocol, network, port };
}

function isProtocol(text: string): boolean {
  return PROTOCOL_NAMES.includes(text) || (/^\d+$/.test(text) && Number(text) <= 255);
}

/** A server, as far as patterns are concerned. */
interface Located {
  /** Absent for a real server. */
  readonly protocol?: string | undefined;
  readonly port: number | undefined;
  isIn(network: Network): boolean;
}

/** Whether a server has the protocol, the address and the port of a pattern. */
export function isAt(server: Located, { protocol, network, port }: Endpoint): boolean {
  return (protocol === undefined || server.protocol === protocol) &&
    (port === undefined || server.port === port) &&
    (network === undefined || server.isIn(network));
}
