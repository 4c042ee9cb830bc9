/**
 * The expected measurements, tags and fields of InfluxDB line protocol for the table of a fake
 * kernel, computed from its settings without the program's encoder. Numbers are digits.
 *
 * @module
 */
import { REAL_METRICS, VIRTUAL_METRICS } from "../../lib/metrics/catalogue.ts";
import type { FakeService, FakeStats } from "../_fake_kernel.ts";
import {
  cpuValues,
  type ExpectedReal,
  type ExpectedVirtual,
  identityOf,
  pairsOf,
  serversOf,
  totalValues,
  type Values,
} from "./_expected.ts";

/** The largest integer of line protocol. Larger values are written as this one. */
export const LARGEST: bigint = 2n ** 63n - 1n;

/** A line without its time. */
export interface ExpectedLine {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
}

const TELEGRAF: ReadonlySet<string> = new Set(
  [...VIRTUAL_METRICS, ...REAL_METRICS].filter(({ telegraf }) => telegraf).map(({ name }) => name),
);

/** The metrics that are printed, as digits. */
function digits(values: Values, extended: boolean): Record<string, string> {
  const shown = Object.entries(values).filter(([name]) => extended || TELEGRAF.has(name));
  return Object.fromEntries(
    shown.map(([name, value]) => [name, String(value > LARGEST ? LARGEST : value)]),
  );
}

function virtualLine(server: ExpectedVirtual, extended: boolean): ExpectedLine {
  const flags = server.schedFlags.join("|");
  return {
    measurement: "ipvs_virtual_server",
    tags: {
      ...identityOf(server),
      address_family: server.addressFamily,
      netmask: String(server.netmask),
      sched: server.sched,
      ...(extended && flags !== "" ? { sched_flags: flags } : {}),
      ...(extended && server.pe !== undefined ? { pe: server.pe } : {}),
      ...(extended
        ? { one_packet: String(server.onePacket), persistent: String(server.persistent) }
        : {}),
    },
    fields: { ...digits(server.values, extended), ...(extended ? { state: server.state } : {}) },
  };
}

function realLine(virtual: ExpectedVirtual, real: ExpectedReal, extended: boolean): ExpectedLine {
  const mixed = virtual.addressFamily !== real.addressFamily;
  return {
    measurement: "ipvs_real_server",
    tags: {
      ...identityOf(virtual, "virtual_"),
      address: real.address,
      address_family: real.addressFamily,
      port: String(real.port),
      ...(extended ? { forwarding_method: real.forwardingMethod } : {}),
      ...(extended && real.tunnel !== undefined
        ? {
          tunnel_type: real.tunnel.type,
          tunnel_port: String(real.tunnel.port),
          tunnel_checksum: real.tunnel.checksum,
        }
        : {}),
      ...(extended || mixed ? { virtual_address_family: virtual.addressFamily } : {}),
    },
    fields: { ...digits(real.values, extended), ...(extended ? { state: real.state } : {}) },
  };
}

/** The lines of the virtual servers of a table, in the order of the output. */
export function virtualLines(
  services: readonly FakeService[],
  extended: boolean,
): ExpectedLine[] {
  return serversOf(services).map((server) => virtualLine(server, extended));
}

/** The lines of the real servers of a table, in the order of the output. */
export function realLines(services: readonly FakeService[], extended: boolean): ExpectedLine[] {
  return pairsOf(serversOf(services)).map(({ virtual, real }) => realLine(virtual, real, extended));
}

/** The line of the totals. */
export function totalLine(totals: FakeStats): ExpectedLine {
  return { measurement: "ipvs", tags: {}, fields: digits(totalValues(totals), true) };
}

/** The lines of the CPUs, which only `--extended` has. */
export function cpuLines(cpus: readonly FakeStats[]): ExpectedLine[] {
  return cpus.map((stats, cpu) => ({
    measurement: "ipvs_cpu",
    tags: { cpu: String(cpu) },
    fields: digits(cpuValues(stats), true),
  }));
}
