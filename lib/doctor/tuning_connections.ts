/**
 * Rules of the tuning audit about where connections go, and when they end.
 *
 * @module
 */
import { countOf } from "../output/human.ts";
import { type Facts, type Rule, setCommand } from "./tuning_facts.ts";

/** The default of `tcp_keepalive_time` on Linux, in seconds. */
const KEEPALIVE_TIME = 7200;

/**
 * Mode 0 was a way around a delay of one second: if connection tracking knew the old connection from
 * a reused port, the first packet of the new one was dropped. Linux 5.9 reuses the connection
 * (commit f0a5e4d7a594, also in stable kernels from August 2020 on). In either mode, a new
 * connection avoids real servers of weight 0 if `expire_nodest_conn` is set.
 */
const reuse: Rule = ({ settings, summary, since }) => {
  const { connReuseMode, conntrack, expireNodestConn } = settings;
  if (connReuseMode === null || since === undefined || summary.tcpServers === 0) return undefined;
  const id = "connection_reuse";
  const mode = `net.ipv4.vs.conn_reuse_mode is ${connReuseMode}`;
  const isFixed = since(5, 9);
  if (connReuseMode === 0 && isFixed) {
    const evenIf = expireNodestConn ? "" : ", even if its weight is 0";
    const finding = `${mode}: a client that reuses a port stays with its real server${evenIf}; ` +
      "the delay that this avoids ended with Linux 5.9";
    return { id, finding, fix: [setCommand("conn_reuse_mode=1")] };
  }
  if (connReuseMode === 0 || isFixed || !conntrack) return undefined;
  const finding =
    `${mode} and conntrack is ${conntrack}: before Linux 5.9, a client that reuses a ` +
    "port may wait for a second";
  return { id, finding, fix: ["boot Linux 5.9 or later", setCommand("conn_reuse_mode=0")] };
};

const removedServers: Rule = ({ settings, summary, snapshot }) => {
  if (settings.expireNodestConn !== 0 || summary.realServers === 0) return undefined;
  const timeout = snapshot.timeouts?.tcp;
  const idle = timeout === undefined ? "" : ` (TCP: ${timeout} s)`;
  return {
    id: "removed_servers",
    finding: "net.ipv4.vs.expire_nodest_conn is 0: if a real server is removed, packets of its " +
      `connections are dropped until they time out${idle}`,
    fix: [setCommand("expire_nodest_conn=1")],
  };
};

const persistence: Rule = ({ settings, summary }) => {
  const { persistentServers, quiescentServers } = summary;
  if (settings.expireQuiescentTemplate !== 0 || persistentServers === 0) return undefined;
  const now = quiescentServers === 0 ? "" : `, now ${quiescentServers}`;
  return {
    id: "persistence",
    finding: "net.ipv4.vs.expire_quiescent_template is 0: known clients of " +
      `${countOf(persistentServers, "persistent virtual server")} stay with real servers of ` +
      `weight 0${now}`,
    fix: [setCommand("expire_quiescent_template=1")],
  };
};

const idleTimeout: Rule = ({ snapshot: { timeouts }, summary }) => {
  const tcp = timeouts?.tcp;
  if (tcp === undefined || tcp >= KEEPALIVE_TIME || summary.tcpServers === 0) return undefined;
  const keepalive = Math.max(1, Math.floor(2 * tcp / 3));
  return {
    id: "idle_timeout",
    finding: `idle TCP connections expire after ${tcp} s, but Linux sends the first ` +
      `keepalive after ${KEEPALIVE_TIME} s by default`,
    fix: [
      `on clients or real servers: sudo sysctl -w net.ipv4.tcp_keepalive_time=${keepalive}`,
      `sudo ipvsadm --set ${KEEPALIVE_TIME} 0 0`,
    ],
  };
};

const sloppyTcp: Rule = ({ settings, snapshot, summary }) => {
  if (!settings.sloppyTcp || summary.unhashedTcpServers === 0) return undefined;
  const daemons = snapshot.syncDaemons;
  if (daemons === null || daemons.some(({ state }) => state === "backup")) return undefined;
  return {
    id: "sloppy_tcp",
    finding:
      `net.ipv4.vs.sloppy_tcp is ${settings.sloppyTcp} without a backup sync daemon: packets ` +
      "of unknown TCP connections go to any real server, which resets them",
    fix: [setCommand("sloppy_tcp=0")],
  };
};

const conntrack: Rule = ({ settings }: Facts) => {
  if (!settings.conntrack) return undefined;
  return {
    id: "conntrack",
    finding:
      `net.ipv4.vs.conntrack is ${settings.conntrack}: the firewall tracks each connection, ` +
      "too, which takes time and memory",
    fix: [`${setCommand("conntrack=0")}, unless rules of the firewall or of NAT need it`],
  };
};

/** The rules. */
export const CONNECTION_RULES: readonly Rule[] = [
  ...[reuse, removedServers, persistence, idleTimeout, sloppyTcp, conntrack],
];
