/**
 * The tuning audit: whether the settings of a network namespace suit its table.
 *
 * @module
 */
import { SETTINGS_DIRECTORY } from "../procfs/settings.ts";
import type { Check } from "./check.ts";
import { readVersion } from "./kernel.ts";
import type { Files } from "./machine.ts";
import type { Namespace } from "./namespace.ts";
import type { Probe } from "./probe.ts";
import { CONNECTION_RULES } from "./tuning_connections.ts";
import { type Facts, summarize } from "./tuning_facts.ts";
import { SYNC_RULES } from "./tuning_sync.ts";
import { SYSTEM_RULES } from "./tuning_system.ts";

const RULES = [...CONNECTION_RULES, ...SYNC_RULES, ...SYSTEM_RULES];

/** One check with the number of suggestions, followed by each of them with the status `advice`. */
export function checkTuning(files: Files, { snapshot }: Probe, namespace: Namespace): Check[] {
  const id = "tuning";
  const unknown = (finding: string): Check[] => [{ id, status: "unknown", finding }];
  if (snapshot === undefined) return unknown("not checked: IPVS could not be read");
  if (snapshot.virtualServers.length === 0) {
    return unknown("not checked: there are no virtual servers");
  }
  const { settings } = snapshot;
  if (settings === null) return unknown(`not checked: /proc/${SETTINGS_DIRECTORY} is not readable`);
  const facts: Facts = {
    settings,
    snapshot,
    summary: summarize(snapshot),
    since: readVersion(files),
    files,
    // The interfaces in /sys can be those of another network namespace.
    isOfProcess1: namespace.isOfProcess1 === true,
  };
  const advice = RULES.flatMap((rule): Check[] => {
    const found = rule(facts);
    return found === undefined ? [] : [{ ...found, status: "advice" }];
  });
  const count = advice.length;
  const finding = count === 0
    ? "the settings suit this table"
    : `${count} ${count === 1 ? "suggestion" : "suggestions"} for this table`;
  return [{ id, status: "ok", finding, values: valuesOf(facts) }, ...advice];
}

/** What the rules are about. */
function valuesOf(
  { settings, snapshot: { timeouts }, summary }: Facts,
): NonNullable<Check["values"]> {
  return {
    conn_reuse_mode: settings.connReuseMode,
    conntrack: settings.conntrack,
    expire_nodest_conn: settings.expireNodestConn,
    expire_quiescent_template: settings.expireQuiescentTemplate,
    sloppy_tcp: settings.sloppyTcp,
    sync_threshold: settings.syncThreshold,
    sync_period: settings.syncPeriod,
    sync_refresh_period: settings.syncRefreshPeriod,
    sync_ports: settings.syncPorts,
    sync_persist_mode: settings.syncPersistMode,
    tcp_timeout: timeouts?.tcp ?? null,
    connections: summary.connections,
    persistent_virtual_servers: summary.persistentServers,
  };
}
