/**
 * The charts of `-o netdata`: those of netdata's own collector of `/proc/net/ip_vs_stats`, with the
 * same attributes, and those of each virtual and real server.
 *
 * @module
 */
import { REAL_SERVER_STATES, type RealServer } from "../ipvs/real_server.ts";
import { VIRTUAL_SERVER_STATES, type VirtualServer } from "../ipvs/virtual_server.ts";
import { sumOf } from "../metrics/aggregates.ts";
import type { Counters } from "../procfs/ip_vs_stats.ts";

/** A dimension: one line in a chart. */
export interface Dimension<Source> {
  readonly id: string;
  /** netdata shows the change of an `incremental` value per second, and an `absolute` one as it is. */
  readonly algorithm: "incremental" | "absolute";
  /** What is shown is the value × multiplier ÷ divisor; what is sent is drawn below zero. */
  readonly multiplier: number;
  readonly divisor: number;
  /** The exact value. */
  readonly read: (source: Source) => number | bigint;
}

/** A chart, the same for every server. */
export interface Chart<Source> {
  /** Its name within the charts of one source; part of its id and its context. */
  readonly name: string;
  readonly title: string;
  readonly units: string;
  readonly type: "line" | "area" | "stacked";
  /** Its place in the dashboard: lower numbers come first. */
  readonly priority: number;
  readonly dimensions: readonly Dimension<Source>[];
}

const VIRTUAL_PRIORITY = 3110;
const REAL_PRIORITY = 3120;
const BITS_IN_A_BYTE = 8;
const BITS_IN_A_KILOBIT = 1000;

function rate<Source>(
  id: string,
  multiplier: number,
  read: Dimension<Source>["read"],
  divisor = 1,
): Dimension<Source> {
  return { id, algorithm: "incremental", multiplier, divisor, read };
}

function gauge<Source>(id: string, read: Dimension<Source>["read"]): Dimension<Source> {
  return { id, algorithm: "absolute", multiplier: 1, divisor: 1, read };
}

const CONNECTIONS: Omit<Chart<Counters>, "name" | "priority"> = {
  title: "IPVS New Connections",
  units: "connections/s",
  type: "line",
  dimensions: [rate("connections", 1, (on) => on.connections)],
};

const PACKETS: Omit<Chart<Counters>, "priority"> = {
  name: "packets",
  title: "IPVS Packets",
  units: "packets/s",
  type: "line",
  dimensions: [rate("received", 1, (on) => on.pktsIn), rate("sent", -1, (on) => on.pktsOut)],
};

const BANDWIDTH: Omit<Chart<Counters>, "priority"> = {
  name: "net",
  title: "IPVS Bandwidth",
  units: "kilobits/s",
  type: "area",
  dimensions: [
    rate("received", BITS_IN_A_BYTE, (on) => on.bytesIn, BITS_IN_A_KILOBIT),
    rate("sent", -BITS_IN_A_BYTE, (on) => on.bytesOut, BITS_IN_A_KILOBIT),
  ],
};

/** The charts of all traffic: `ipvs.sockets`, `ipvs.packets` and `ipvs.net`. */
export const TOTAL_CHARTS: readonly Chart<Counters>[] = [
  { ...CONNECTIONS, name: "sockets", priority: 3101 },
  { ...PACKETS, priority: 3102 },
  { ...BANDWIDTH, priority: 3100 },
];

/** The charts of a virtual server. */
export const VIRTUAL_CHARTS: readonly Chart<VirtualServer>[] = [
  ...trafficCharts(VIRTUAL_PRIORITY),
  openConnections(VIRTUAL_PRIORITY + 3, (on, name) => sumOf(on, (real) => real[name])),
  stateChart(VIRTUAL_PRIORITY + 4, VIRTUAL_SERVER_STATES),
];

/** The charts of a real server. */
export const REAL_CHARTS: readonly Chart<RealServer>[] = [
  ...trafficCharts(REAL_PRIORITY),
  openConnections(REAL_PRIORITY + 3, (on, name) => on[name]),
  stateChart(REAL_PRIORITY + 4, REAL_SERVER_STATES),
];

function trafficCharts(priority: number): Chart<Counters>[] {
  return [
    { ...CONNECTIONS, name: "connections", priority },
    { ...PACKETS, priority: priority + 1 },
    { ...BANDWIDTH, priority: priority + 2 },
  ];
}

function openConnections<Source>(
  priority: number,
  read: (source: Source, name: "activeConnections" | "inactiveConnections") => number,
): Chart<Source> {
  return {
    name: "open_connections",
    title: "IPVS Open Connections",
    units: "connections",
    type: "stacked",
    priority,
    dimensions: [
      gauge("active", (on) => read(on, "activeConnections")),
      gauge("inactive", (on) => read(on, "inactiveConnections")),
    ],
  };
}

/** A dimension for each state: 1 for the current one, 0 for the others. */
function stateChart<State extends string>(
  priority: number,
  states: readonly State[],
): Chart<{ readonly state: State }> {
  return {
    name: "state",
    title: "IPVS State",
    units: "state",
    type: "line",
    priority,
    dimensions: states.map((state) => gauge(state, (on) => on.state === state ? 1 : 0)),
  };
}
