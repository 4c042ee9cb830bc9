/**
 * The expected output for the servers of a fake kernel, computed from its settings without the
 * program's decoder and model. Only the names of metrics are from the catalogue, so that a new metric
 * is tested without another edit; tests/metrics/catalogue_test.ts checks the names.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  COUNTERS,
  REAL_METRICS,
  TOTAL_METRICS,
  VIRTUAL_METRICS,
} from "../../lib/metrics/catalogue.ts";
import { familyOf } from "../_fake_replies.ts";
import {
  type FakeDestination,
  type FakeService,
  type FakeStats,
  INET,
  ONE_PACKET,
  PERSISTENT,
  SCHED1,
  SCHED2,
  SCHED3,
  TUNNEL,
} from "../_fake_kernel.ts";
import { addressBytes } from "../_netlink_messages.ts";

/** Values of metrics by name; a bigint from 2^53 on. */
export type Values = Record<string, number | bigint>;

/** The expected values of a real server. */
export interface ExpectedReal {
  readonly addressFamily: string;
  readonly address: string;
  readonly port: number;
  readonly forwardingMethod: string;
  readonly tunnel?: { readonly type: string; readonly port: number; readonly checksum: string };
  readonly state: string;
  readonly values: Values;
  /** Its part of the connections and of the weights. */
  readonly shares: { readonly share: number | null; readonly weight_share: number | null };
}

/** The expected values of a virtual server. */
export interface ExpectedVirtual {
  readonly addressFamily: string;
  /** Its fwmark, or protocol, address and port. */
  readonly identity: Readonly<Record<string, string | number>>;
  readonly sched: string;
  readonly schedFlags: readonly string[];
  readonly flags: number;
  readonly onePacket: boolean;
  readonly persistent: boolean;
  /** A prefix length. */
  readonly netmask: number;
  readonly pe?: string;
  readonly state: string;
  readonly values: Values;
  readonly realServers: readonly ExpectedReal[];
}

/** Properties of the fake kernel whose name differs from that of the metric. */
const PROPERTIES: Readonly<Record<string, string>> = {
  persistence_timeout: "timeout",
  active_connections: "active",
  inactive_connections: "inactive",
  persistent_connections: "persistent",
};
const STATS = [
  ...["connections", "pktsIn", "pktsOut", "bytesIn", "bytesOut"],
  ...["cps", "ppsIn", "ppsOut", "bytesInPerSecond", "bytesOutPerSecond"],
];
const ZEROS = Object.fromEntries(STATS.map((name) => [name, 0]));
const DEFAULTS = {
  ...{ timeout: 0, weight: 1, upperThreshold: 0, lowerThreshold: 0 },
  ...{ active: 0, inactive: 0, persistent: 0 },
};

/** The metrics, with the values in the settings of a fake kernel. */
function valuesOf(metrics: readonly { readonly name: string }[], settings: object): Values {
  const properties = new Map(Object.entries({ ...DEFAULTS, ...ZEROS, ...settings }));
  return Object.fromEntries(metrics.map(({ name }) => {
    const camelCase = name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
    const value = properties.get(PROPERTIES[name] ?? camelCase);
    assert.ok(value !== undefined, `the fake kernel has no ${name}`);
    return [name, Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value)];
  }));
}

/** The values of the total metrics. */
export function totalValues(stats: FakeStats): Values {
  return valuesOf(TOTAL_METRICS, stats);
}

/** The values of the metrics of one CPU. */
export function cpuValues(stats: FakeStats): Values {
  return valuesOf(COUNTERS, stats);
}

/** The virtual servers of a table, in the order of every output. */
export function serversOf(services: readonly FakeService[]): ExpectedVirtual[] {
  return services.toSorted(byServiceOrder).map(virtualOf);
}

/** Each real server with its virtual server. */
export function pairsOf(
  servers: readonly ExpectedVirtual[],
): { virtual: ExpectedVirtual; real: ExpectedReal }[] {
  return servers.flatMap((virtual) => virtual.realServers.map((real) => ({ virtual, real })));
}

/** The labels or tags that identify a virtual server, with a prefix. */
export function identityOf(server: ExpectedVirtual, prefix = ""): Record<string, string> {
  const identity = Object.entries(server.identity);
  return Object.fromEntries(identity.map(([name, value]) => [prefix + name, String(value)]));
}

/** Addresses before fwmarks, IPv4 before IPv6, then by address, port and protocol number. */
function byServiceOrder(a: FakeService, b: FakeService): number {
  return (a.fwmark ?? 0) - (b.fwmark ?? 0) || familyOf(a) - familyOf(b) ||
    compareAddresses(a.address ?? "", b.address ?? "") || (a.port ?? 0) - (b.port ?? 0) ||
    (a.protocol ?? 6) - (b.protocol ?? 6);
}

function byDestinationOrder(a: FakeDestination, b: FakeDestination): number {
  return Number(a.address.includes(":")) - Number(b.address.includes(":")) ||
    compareAddresses(a.address, b.address) || (a.port ?? 0) - (b.port ?? 0);
}

function compareAddresses(a: string, b: string): number {
  if (a === b) return 0;
  const [x, y] = [addressBytes(a), addressBytes(b)];
  const at = x.findIndex((byte, i) => byte !== y[i]);
  return at < 0 ? 0 : x[at]! - y[at]!;
}

function virtualOf(service: FakeService): ExpectedVirtual {
  const { sched = "rr", flags = 2, fwmark, pe, destinations = [] } = service;
  const family = familyOf(service);
  return {
    addressFamily: family === INET ? "inet" : "inet6",
    identity: service.address === undefined ? { fwmark: fwmark! } : {
      protocol: PROTOCOLS[service.protocol ?? 6] ?? String(service.protocol),
      address: canonical(service.address),
      port: service.port ?? 0,
    },
    sched,
    schedFlags: schedFlagsOf(sched, flags),
    flags,
    onePacket: (flags & ONE_PACKET) !== 0,
    persistent: (flags & PERSISTENT) !== 0,
    netmask: prefixOf(family, service.netmask),
    ...(pe === undefined ? {} : { pe }),
    state: virtualState(destinations.map((each) => isUsable(each))),
    values: valuesOf(VIRTUAL_METRICS, { ...service, ...service.stats }),
    realServers: destinations.toSorted(byDestinationOrder)
      .map((each) => ({ ...realOf(each), shares: sharesOf(each, service) })),
  };
}

function realOf(destination: FakeDestination): Omit<ExpectedReal, "shares"> {
  const { address, port = 0, method = 0, tunnel = {} } = destination;
  const kind = method & 7;
  const { type = 0, flags = 0 } = tunnel;
  return {
    addressFamily: address.includes(":") ? "inet6" : "inet",
    address: canonical(address),
    port,
    forwardingMethod: METHODS[kind] ?? String(kind),
    ...(kind !== TUNNEL ? {} : {
      tunnel: {
        type: ["ipip", "gue", "gre"][type]!,
        port: tunnel.port ?? 0,
        checksum: ["nocsum", "csum", "remcsum"][flags]!,
      },
    }),
    state: realState(destination),
    values: valuesOf(REAL_METRICS, { ...destination, ...destination.stats }),
  };
}

function virtualState(usable: readonly boolean[]): string {
  if (usable.length === 0) return "empty";
  if (usable.every((each) => each)) return "ok";
  return usable.some((each) => each) ? "degraded" : "down";
}

function isUsable(destination: FakeDestination): boolean {
  return ["active", "near-threshold"].includes(realState(destination));
}

/** The state as far as one reading decides it. */
function realState(destination: FakeDestination): string {
  const { weight = 1, active = 0, inactive = 0, persistent = 0 } = destination;
  const { upperThreshold: upper = 0, lowerThreshold: lower = 0 } = destination;
  const count = active + inactive;
  if (weight === 0) return count + persistent > 0 ? "draining" : "drained";
  if (upper === 0) return "active";
  if (count >= upper) return "overloaded";
  return (lower > 0 ? count >= lower : 4 * count >= 3 * upper) ? "near-threshold" : "active";
}

/** Schedulers that do not distribute connections by weight. */
const BY_ADDRESS = ["sh", "mh", "dh", "lblc", "lblcr"];

function sharesOf(destination: FakeDestination, service: FakeService): ExpectedReal["shares"] {
  const { sched = "rr", flags = 2, destinations = [] } = service;
  const part = (read: (each: FakeDestination) => number | bigint) => {
    const sum = destinations.reduce((total, each) => total + BigInt(read(each)), 0n);
    // Rounded half up to millionths, in exact integers.
    const twice = 2_000_000n * BigInt(read(destination));
    return sum === 0n ? null : Number((twice + sum) / (2n * sum)) / 1e6;
  };
  return {
    share: flags & PERSISTENT || BY_ADDRESS.includes(sched)
      ? null
      : part(({ stats }) => stats?.connections ?? 0),
    weight_share: part(({ weight = 1 }) => weight),
  };
}

const PROTOCOLS: Readonly<Record<number, string>> = { 6: "tcp", 17: "udp", 132: "sctp" };
const METHODS = ["masq", "local", "tunnel", "droute", "bypass"];

function schedFlagsOf(sched: string, flags: number): string[] {
  const isNamed = sched === "sh" || sched === "mh";
  const names = isNamed ? [`${sched}-fallback`, `${sched}-port`] : ["flag-1", "flag-2"];
  return [...names, "flag-3"].filter((_, i) => flags & [SCHED1, SCHED2, SCHED3][i]!);
}

/** The prefix length: the number of bits set in an IPv4 mask; for IPv6 the value itself. */
function prefixOf(family: number, netmask?: number): number {
  if (netmask === undefined) return family === INET ? 32 : 128;
  return family === INET ? netmask.toString(2).replaceAll("0", "").length : netmask;
}

/** An address as RFC 5952 recommends. */
function canonical(address: string): string {
  if (!address.includes(":")) return address;
  const bytes = addressBytes(address);
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 &&
    bytes[11] === 255;
  if (isMapped) return `::ffff:${bytes.slice(12).join(".")}`;
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
