/**
 * What the rules of the tuning audit are about.
 *
 * @module
 */
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import type { Settings } from "../procfs/settings.ts";
import type { Check } from "./check.ts";
import type { Since } from "./kernel.ts";
import type { Files } from "./machine.ts";

/** A suggestion: what is the case, why it matters, and what to do. */
export type Advice = Omit<Check, "status" | "values">;

/** Returns a suggestion if it is true for the table. */
export type Rule = (facts: Facts) => Advice | undefined;

/** The settings and the table of one network namespace. */
export interface Facts {
  readonly settings: Settings;
  readonly snapshot: Snapshot;
  readonly summary: Summary;
  /** Compares the version of the kernel; undefined if it is unknown. */
  readonly since: Since | undefined;
  readonly files: Files;
  /** Whether the namespace is known to be that of process 1. */
  readonly isOfProcess1: boolean;
}

/** What matters about the servers of a table. */
export interface Summary {
  /** Number of real servers. */
  readonly realServers: number;
  /** Connections of all real servers, including persistence templates. */
  readonly connections: number;
  /** Number of virtual servers that can have TCP connections and have real servers. */
  readonly tcpServers: number;
  /** Number of those whose scheduler does not choose the real server by the client's address. */
  readonly unhashedTcpServers: number;
  /** Number of virtual servers with persistence. */
  readonly persistentServers: number;
  /** Number of their real servers with weight 0. */
  readonly quiescentServers: number;
}

/** Schedulers that choose the same real server for the same client. */
const HASHING = new Set(["sh", "mh"]);

/** Counts what the rules ask for, in one pass. */
export function summarize({ virtualServers }: Snapshot): Summary {
  const summary = {
    ...{ realServers: 0, connections: 0, tcpServers: 0 },
    ...{ unhashedTcpServers: 0, persistentServers: 0, quiescentServers: 0 },
  };
  for (const virtual of virtualServers) {
    const isTcp = canBeTcp(virtual) && virtual.realServers.length > 0;
    if (isTcp) summary.tcpServers++;
    if (isTcp && !HASHING.has(virtual.sched)) summary.unhashedTcpServers++;
    if (virtual.persistent) summary.persistentServers++;
    for (const real of virtual.realServers) {
      summary.realServers++;
      summary.connections += real.activeConnections + real.inactiveConnections +
        real.persistentConnections;
      if (virtual.persistent && real.weight === 0) summary.quiescentServers++;
    }
  }
  return summary;
}

/** A fwmark can select any protocol. */
function canBeTcp({ protocol, fwmark }: VirtualServer): boolean {
  return fwmark !== undefined || protocol === "tcp";
}

/** The command that changes settings of IPVS. */
export function setCommand(...settings: readonly string[]): string {
  return `sudo sysctl -w ${settings.map((each) => `net.ipv4.vs.${each}`).join(" ")}`;
}
