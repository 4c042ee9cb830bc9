/**
 * Virtual servers that are named one by one, so that the kernel can be asked for each of them.
 *
 * @module
 */
import { SERVICE } from "./columns.ts";
import { protocolNumber } from "./names.ts";
import type { Network } from "./network.ts";
import { compareServices, Rows, sortUnique } from "./rows.ts";
import { AF_INET, AF_INET6 } from "./uapi.ts";

/** What identifies a virtual server: a fwmark, or protocol, address and port. */
export interface ServiceIdentity {
  /** AF_INET or AF_INET6. */
  readonly family: number;
  /** 1 to 4294967295; 0 if the virtual server has an address. */
  readonly fwmark: number;
  /** IPPROTO_*, as the next two 0 with a fwmark. */
  readonly protocol: number;
  /** Four words of raw bytes. */
  readonly address: Uint32Array;
  /** 0 to 65535. */
  readonly port: number;
}

const NO_ADDRESS = { protocol: 0, address: new Uint32Array(4), port: 0 };

/** The virtual servers with a fwmark, of both address families. */
export function fwmarkIdentities(fwmark: number): ServiceIdentity[] {
  return [AF_INET, AF_INET6].map((family) => ({ ...NO_ADDRESS, family, fwmark }));
}

/** The virtual server with a protocol, which is a name or a number, an address and a port. */
export function addressIdentity(
  protocol: string,
  { family, words }: Network,
  port: number,
): ServiceIdentity {
  return { family, fwmark: 0, protocol: protocolNumber(protocol), address: words, port };
}

/** The identities as rows that requests can be made from, in order and without duplicates. */
export function identityRows(identities: readonly ServiceIdentity[]): Rows {
  const rows = new Rows(SERVICE.width);
  for (const { family, fwmark, protocol, address, port } of identities) {
    const row = rows.push();
    const words = rows.words(row), at = rows.at(row);
    words[at + SERVICE.addressFamily] = family;
    words[at + SERVICE.fwmark] = fwmark;
    words[at + SERVICE.protocol] = protocol;
    words[at + SERVICE.port] = port;
    words.set(address, at + SERVICE.address);
  }
  const unique = new Rows(SERVICE.width);
  for (const row of sortUnique(rows, compareServices)) unique.append(rows, row, row + 1);
  return unique;
}
