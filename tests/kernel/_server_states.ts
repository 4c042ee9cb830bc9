/** States that one reading decides, and shares, by the other values of servers. */
import type { Fields } from "./_ipvsadm.ts";

export function realState(server: Fields): string {
  const value = (name: string) => Number(server[name]);
  const count = value("active_connections") + value("inactive_connections");
  if (value("weight") === 0) {
    return count + value("persistent_connections") > 0 ? "draining" : "drained";
  }
  const [upper, lower] = [value("upper_threshold"), value("lower_threshold")];
  if (upper === 0) return "active";
  if (count >= upper) return "overloaded";
  return (lower > 0 ? count >= lower : 4 * count >= 3 * upper) ? "near-threshold" : "active";
}

export function virtualState(servers: readonly Fields[]): string {
  const usable = servers
    .filter((each) => ["active", "near-threshold"].includes(realState(each))).length;
  if (servers.length === 0) return "empty";
  return usable === servers.length ? "ok" : usable === 0 ? "down" : "degraded";
}

/** Schedulers that do not distribute connections by weight. */
const BY_ADDRESS = ["sh", "mh", "dh", "lblc", "lblcr"];

/** The shares of a real server among all of a virtual server, as the exact JSON has them. */
export function shares(server: Fields, virtual: Fields, servers: readonly Fields[]): Fields {
  const part = (name: string) => {
    const sum = servers.reduce((total, each) => total + (each[name] as bigint), 0n);
    if (sum === 0n) return null;
    // Rounded half up to millionths; a whole number is a bigint.
    const millionths = (2_000_000n * (server[name] as bigint) + sum) / (2n * sum);
    return millionths % 1_000_000n === 0n ? millionths / 1_000_000n : Number(millionths) / 1e6;
  };
  const isComparable = !virtual.persistent && !BY_ADDRESS.includes(String(virtual.sched));
  return { share: isComparable ? part("connections") : null, weight_share: part("weight") };
}
