/**
 * Detects leaked descriptors by the number of the next one.
 *
 * @module
 */
import { libc, rareLibc } from "../../ffi/libc.ts";

const AF_NETLINK = 16, SOCK_RAW = 3, NETLINK_GENERIC = 16;

// Outside of any test, because they stay open and would count as a leak.
libc();
rareLibc();

/** The number that the next file or socket will get: the lowest free one. */
export function nextDescriptor(): number {
  const { symbols } = libc();
  const fd = symbols.socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
  symbols.close(fd);
  return fd;
}
