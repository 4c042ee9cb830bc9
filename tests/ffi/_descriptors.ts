/**
 * Whether something was closed: seen from the number of the next file descriptor.
 *
 * @module
 */
import { libc, rareLibc } from "../../ffi/libc.ts";

const AF_NETLINK = 16, SOCK_RAW = 3, NETLINK_GENERIC = 16;

// Outside of any test: they stay open, which a test must not leave anything.
libc();
rareLibc();

/** The number that the next file or socket will have: the lowest that is free. */
export function nextDescriptor(): number {
  const { symbols } = libc();
  const fd = symbols.socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
  symbols.close(fd);
  return fd;
}
