/**
 * Virtual servers that are named one by one, so that the kernel can be asked for each of them.
 *
 * @module
 */
import { SERVICE } from "./columns.ts";
import { compareServices, Rows, sortUnique } from "./rows.ts";

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
