/**
 * Rules of the tuning audit about the sync daemons.
 *
 * @module
 */
import type { SyncDaemon } from "../ipvs/snapshot.ts";
import { type Files, readText } from "./machine.ts";
import { type Facts, type Rule, setCommand } from "./tuning_facts.ts";

/** Bytes of the headers before a message: IP and UDP. */
const IPV4_HEADERS = 28;
const IPV6_HEADERS = 48;

/** Messages a second from which on it is worth reducing them. */
const MANY_MESSAGES = 100;

function daemonOf({ snapshot }: Facts, state: string): SyncDaemon | undefined {
  return snapshot.syncDaemons?.find((daemon) => daemon.state === state);
}

/** The maximum size of packets of an interface in bytes; undefined if it cannot be read. */
function readMtu(files: Files, name: string): number | undefined {
  const text = /^[\w.@-]+$/.test(name) ? readText(files, `/sys/class/net/${name}/mtu`) : undefined;
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The kernel's default size is that for an MTU of 1500 bytes, whatever the interface has. */
const messageSize: Rule = (facts) => {
  const master = daemonOf(facts, "master");
  if (master?.syncMaxlen === undefined || !facts.isOfProcess1) return undefined;
  const mtu = readMtu(facts.files, master.interface);
  const headers = master.mcastGroup?.includes(":") ? IPV6_HEADERS : IPV4_HEADERS;
  if (mtu === undefined || master.syncMaxlen + headers <= mtu) return undefined;
  return {
    id: "sync_message_size",
    finding: `sync messages of up to ${master.syncMaxlen} bytes are fragmented: the MTU of ` +
      `${master.interface} is ${mtu}`,
    fix: [`stop the master daemon, and start it with --sync-maxlen ${mtu - headers}`],
  };
};

/** A connection is synchronized again every `sync_period` packets, unless that is too soon. */
const messageRate: Rule = (facts) => {
  const { syncPeriod, syncRefreshPeriod } = facts.settings;
  const { totals } = facts.snapshot;
  if (daemonOf(facts, "master") === undefined || totals === null) return undefined;
  if (!syncPeriod || syncRefreshPeriod !== 0) return undefined;
  const rate = Math.floor(Number(totals.ppsIn) / syncPeriod);
  if (rate < MANY_MESSAGES) return undefined;
  return {
    id: "sync_rate",
    finding: `net.ipv4.vs.sync_refresh_period is 0: every ${syncPeriod} packets a connection is ` +
      `synchronized again, up to ${rate} times per second in all`,
    fix: [setCommand("sync_refresh_period=10")],
  };
};

/** Connections that were not synchronized reach the new master with a packet that is not a SYN. */
const failover: Rule = (facts) => {
  const { syncPersistMode, sloppyTcp } = facts.settings;
  if (daemonOf(facts, "backup") === undefined || facts.summary.persistentServers === 0) {
    return undefined;
  }
  if (syncPersistMode !== 1 || sloppyTcp !== 0) return undefined;
  return {
    id: "sync_failover",
    finding:
      "net.ipv4.vs.sync_persist_mode is 1 and sloppy_tcp is 0: TCP connections of persistent " +
      "virtual servers do not survive a failover to this backup",
    fix: [setCommand("sloppy_tcp=1")],
  };
};

/** The rules. */
export const SYNC_RULES: readonly Rule[] = [messageSize, messageRate, failover];
