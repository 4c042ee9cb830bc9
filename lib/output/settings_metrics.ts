/**
 * Prometheus metrics of the settings of IPVS that affect how connections are handled. Settings that
 * the kernel does not have are left out.
 *
 * @module
 */
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { Settings } from "../procfs/settings.ts";
import type { MetricFamily } from "./global_metrics.ts";

/** The rest of a metric's name, the setting and its help; the unit is at the end of the name. */
const METRICS: readonly [name: string, setting: keyof Settings, help: string, unit?: string][] = [
  ["conn_reuse_mode", "connReuseMode", "What happens when a client reuses a port"],
  ["conntrack", "conntrack", "Whether connections are also tracked by the firewall"],
  ["expire_nodest_conn", "expireNodestConn", "Whether connections to removed real servers end"],
  [
    "expire_quiescent_template",
    "expireQuiescentTemplate",
    "Whether persistence ends at a real server of weight 0",
  ],
  ["sloppy_tcp", "sloppyTcp", "Whether any packet may start a TCP connection"],
  ["sync_threshold", "syncThreshold", "Packets after which a connection is synchronized"],
  ["sync_period", "syncPeriod", "Packets after which a connection is synchronized again"],
  [
    "sync_refresh_period_seconds",
    "syncRefreshPeriod",
    "Time between messages about a connection",
    "seconds",
  ],
  ["sync_ports", "syncPorts", "Threads and ports of the sync daemons"],
  ["sync_persist_mode", "syncPersistMode", "Which connections with persistence are synchronized"],
];

/** The files of settings with more than one number. */
const FILES: Readonly<Record<string, string>> = { syncPeriod: "sync_threshold" };

/** The metrics of a snapshot that have a sample. */
export function settingsMetrics({ settings }: Snapshot): MetricFamily[] {
  return METRICS.flatMap(([name, setting, help, unit]): MetricFamily[] => {
    const value = settings?.[setting] ?? null;
    if (typeof value !== "number") return [];
    const file = FILES[setting] ?? (unit === undefined ? name : name.slice(0, -unit.length - 1));
    return [{
      name: `ipvs_settings_${name}`,
      help: `${help} (net.ipv4.vs.${file}).`,
      kind: "gauge",
      ...(unit === undefined ? {} : { unit }),
      samples: [{ labels: [], value }],
    }];
  });
}
