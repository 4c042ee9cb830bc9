/**
 * The keys of servers: texts that identify them, and that people read.
 *
 * @module
 */

/** Address and port, as in the key of a real server: `10.0.0.1:80` or `[2001:db8::1]:80`. */
export function joinHostPort(address: string, port: number): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** The key of a virtual server with an address: `tcp 10.0.0.1:80`. */
export function addressKey(protocol: string, address: string, port: number): string {
  return `${protocol} ${joinHostPort(address, port)}`;
}

/** The key of a virtual server with a fwmark: `fwmark 7 inet`. */
export function fwmarkKey(fwmark: number, family: "inet" | "inet6"): string {
  return `fwmark ${fwmark} ${family}`;
}
