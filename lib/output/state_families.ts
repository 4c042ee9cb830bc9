/**
 * The Prometheus families that are not of a server: the state of IPVS as a whole.
 *
 * @module
 */
import type { Snapshot, SyncDaemon, Timeouts } from "../ipvs/snapshot.ts";
import { CATALOGUE } from "../metrics/catalogue.ts";
import { VERSION } from "../version.ts";
import type { Label } from "./labels.ts";

/** A metric family with its samples. */
export interface Family {
  /** Without `_total` or `_info`. */
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge" | "info";
  readonly unit?: string;
  readonly samples: readonly Sample[];
}

/** One sample of a family. */
export interface Sample {
  readonly labels: readonly Label[];
  readonly value: number | bigint;
}

/** The families of a snapshot; those that have no sample are left out. */
export function stateFamilies(snapshot: Snapshot): Family[] {
  const families = [
    ...programFamilies(snapshot),
    ...configFamilies(snapshot),
    ...totalFamilies(snapshot),
    ...cpuFamilies(snapshot),
  ];
  return families.filter((family) => family.samples.length > 0);
}

function info(name: string, help: string, labels: readonly Label[]): Family {
  return { name, help, kind: "info", samples: [{ labels, value: 1 }] };
}

function programFamilies(snapshot: Snapshot): Family[] {
  const reason = snapshot.consistency.state === "inconsistent" ? "inconsistent" : "ok";
  return [
    info("ipvs_build", "The program that read this.", [["version", VERSION]]),
    {
      name: "ipvs_up",
      help: "Whether IPVS could be read.",
      kind: "gauge",
      samples: [{ labels: [["reason", reason]], value: 1 }],
    },
  ];
}

function configFamilies({ info: ipvs, timeouts, syncDaemons }: Snapshot): Family[] {
  const named = "The kernel's IPVS.";
  return [
    ...(ipvs === null ? [] : [info("ipvs", named, [["version", ipvs.version]])]),
    {
      name: "ipvs_connection_table_size",
      help: "Buckets of the connection table.",
      kind: "gauge",
      samples: ipvs === null ? [] : [{ labels: [], value: ipvs.connectionTableSize }],
    },
    {
      name: "ipvs_timeout_seconds",
      help: "How long an idle connection is kept.",
      kind: "gauge",
      unit: "seconds",
      samples: timeoutSamples(timeouts),
    },
    {
      name: "ipvs_sync_daemon",
      help: "A connection synchronization daemon that runs.",
      kind: "info",
      samples: (syncDaemons ?? []).map((daemon) => ({ labels: daemonLabels(daemon), value: 1 })),
    },
  ];
}

function timeoutSamples(timeouts: Timeouts | null): Sample[] {
  const states = [["tcp", timeouts?.tcp], ["tcp_fin", timeouts?.tcpFin], ["udp", timeouts?.udp]];
  return states.flatMap(([state, value]) =>
    typeof value === "number" ? [{ labels: [["state", `${state}`]], value }] : []
  );
}

function daemonLabels(daemon: SyncDaemon): Label[] {
  return [
    ["state", daemon.state],
    ["interface", daemon.interface],
    ["sync_id", String(daemon.syncId)],
    ["mcast_group", daemon.mcastGroup ?? ""],
    ["mcast_port", String(daemon.mcastPort ?? "")],
  ];
}

function totalFamilies({ totals }: Snapshot): Family[] {
  return CATALOGUE.filter((metric) => metric.total !== undefined).map((metric) => ({
    name: `ipvs_${metric.prometheus}`,
    help: `${metric.help} All virtual servers, deleted ones too.`,
    kind: metric.kind,
    unit: metric.unit,
    samples: totals === null ? [] : [{ labels: [], value: totals[metric.total!] }],
  }));
}

function cpuFamilies({ cpus }: Snapshot): Family[] {
  return CATALOGUE.filter((metric) => metric.cpu !== undefined).map((metric) => ({
    name: `ipvs_cpu_${metric.prometheus}`,
    help: `${metric.help} Live, by CPU, and never zeroed.`,
    kind: metric.kind,
    unit: metric.unit,
    samples: (cpus ?? []).map((cpu) => ({
      labels: [["cpu", String(cpu.cpu)] as const],
      value: cpu[metric.cpu!],
    })),
  }));
}
