/** The states of servers, by their other values. */
import type { Fields } from "./_ipvsadm.ts";

export function realState(server: Fields): string {
  if (Number(server.weight) !== 0) return "active";
  const kinds = ["active_connections", "inactive_connections", "persistent_connections"] as const;
  return kinds.some((kind) => Number(server[kind]) !== 0) ? "draining" : "drained";
}

export function virtualState(servers: readonly Fields[]): string {
  const usable = servers.filter(({ weight }) => Number(weight) !== 0).length;
  if (servers.length === 0) return "empty";
  return usable === servers.length ? "ok" : usable === 0 ? "down" : "degraded";
}
