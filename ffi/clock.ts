/**
 * The time in nanoseconds.
 *
 * @module
 */
import { libc } from "./libc.ts";

const CLOCK_REALTIME = 0;

/** Nanoseconds since 1970. */
export function now(): bigint {
  const time = new DataView(new ArrayBuffer(16)); // struct timespec { long seconds, nanoseconds; }
  libc().symbols.clock_gettime(CLOCK_REALTIME, new Uint8Array(time.buffer));
  return time.getBigInt64(0, true) * 1_000_000_000n + time.getBigInt64(8, true);
}
