/** Compares the Prometheus families of the network namespace with the JSON. */
import assert from "node:assert/strict";
import type { PrometheusFamily } from "../_output_parsers.ts";

/** The path of the value in the JSON, by the name of the gauge. */
const GAUGES: Readonly<Record<string, string>> = {
  ipvs_connection_table_size: "ipvs.connection_table_size",
  ipvs_connection_table_connections: "kernel_status.connections",
  ipvs_connection_table_limit: "settings.conn_max",
  ipvs_connection_table_load_factor: "settings.conn_lfactor",
  ipvs_service_table_size: "kernel_status.service_table.buckets",
  ipvs_service_table_load_factor: "settings.svc_lfactor",
  ipvs_estimator_nice: "settings.est_nice",
  ipvs_estimator_thread_slots: "kernel_status.estimator.thread_slots",
  ipvs_estimator_thread_slots_limit: "kernel_status.estimator.thread_slots_limit",
  ipvs_estimator_thread_capacity: "kernel_status.estimator.thread_capacity",
  ipvs_estimator_chain_length_limit: "kernel_status.estimator.chain_length_limit",
};
/** The path of an array in the JSON, by the name of the gauge with a sample for each element. */
const LISTS: Readonly<Record<string, string>> = {
  ipvs_connection_table_buckets: "kernel_status.connection_table.buckets_by_length",
  ipvs_service_table_buckets: "kernel_status.service_table.buckets_by_length",
};
/** Labels of a sync daemon, with the same names in the JSON. */
const DAEMON = ["state", "interface", "sync_id", "mcast_group", "mcast_port"];

type Families = ReadonlyMap<string, PrometheusFamily>;

/** Throws if a family differs from the JSON; null in the JSON means no sample. */
export function compareStatus(families: Families, document: object): void {
  for (const [name, path] of Object.entries(GAUGES)) {
    const value = at(document, path);
    const values = value === null || value === undefined ? [] : [String(value)];
    assert.deepEqual(valuesOf(families, name), values, name);
  }
  for (const [name, path] of Object.entries(LISTS)) {
    const value = at(document, path) as number[] | null | undefined;
    assert.deepEqual(valuesOf(families, name), (value ?? []).map(String), name);
  }
  const timeouts = Object.entries((at(document, "timeouts") ?? {}) as Record<string, number>);
  assert.deepEqual(
    samplesOf(families, "ipvs_timeout_seconds").map(({ labels, value }) => [
      labels.get("state"),
      value,
    ]),
    timeouts.map(([state, value]) => [state, String(value)]),
  );
  const daemons = (at(document, "sync_daemons") ?? []) as Record<string, string | number>[];
  assert.deepEqual(
    samplesOf(families, "ipvs_sync_daemon_info").map(({ labels }) =>
      DAEMON.map((name) => labels.get(name) ?? "")
    ),
    daemons.map((daemon) => DAEMON.map((name) => String(daemon[name] ?? ""))),
  );
}

function at(document: object, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | null)?.[name],
    document,
  );
}

function samplesOf(families: Families, name: string): PrometheusFamily["samples"] {
  return families.get(name)?.samples ?? [];
}

function valuesOf(families: Families, name: string): string[] {
  return samplesOf(families, name).map(({ value }) => value);
}
