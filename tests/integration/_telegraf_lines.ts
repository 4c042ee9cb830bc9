/**
 * Writes the table of a fake kernel as telegraf's `inputs.ipvs` and its InfluxDB output do, with
 * their faults: counters of 32 bits, the netmask of IPv6 as the number of bits set in the prefix
 * length, IPv4-mapped addresses as IPv4, no totals. Written from the documentation and the behavior
 * of telegraf, and independent of the program.
 *
 * @module
 */
import {
  type FakeDestination,
  type FakeService,
  type FakeStats,
  INET,
  INET6,
  SCTP,
  TCP,
  UDP,
} from "../_fake_kernel.ts";

type Values = Readonly<Record<string, string>>;

const PROTOCOLS: Readonly<Record<number, string>> = { [TCP]: "tcp", [UDP]: "udp", [SCTP]: "sctp" };
const FAMILIES: Readonly<Record<number, string>> = { [INET]: "inet", [INET6]: "inet6" };

const familyOf = (address: string) => address.includes(":") ? INET6 : INET;

/** An address as Go prints it. */
const addressText = (address: string) => address.replace(/^::ffff:(?=[\d.]+$)/, "");

/** Bytes have 64 bits and the other counters and rates 32; the output limits integers to 2^63-1. */
function statsFields(stats: FakeStats = {}): Values {
  const narrow = (value: number | bigint = 0) => `${BigInt.asUintN(32, BigInt(value))}i`;
  const wide = (value: number | bigint = 0) => {
    const largest = 2n ** 63n - 1n;
    return `${value > largest ? largest : value}i`;
  };
  return {
    connections: narrow(stats.connections),
    pkts_in: narrow(stats.pktsIn),
    pkts_out: narrow(stats.pktsOut),
    bytes_in: wide(stats.bytesIn),
    bytes_out: wide(stats.bytesOut),
    pps_in: narrow(stats.ppsIn),
    pps_out: narrow(stats.ppsOut),
    cps: narrow(stats.cps),
  };
}

/** The tags that identify a virtual server; a fwmark has no family here. */
function identity(service: FakeService, prefix: string): Values {
  const { fwmark = 0, protocol = TCP, address = "", port = 0 } = service;
  if (fwmark > 0) return { [`${prefix}fwmark`]: `${fwmark}` };
  return {
    [`${prefix}protocol`]: PROTOCOLS[protocol] ?? `${protocol}`,
    [`${prefix}address`]: addressText(address),
    [`${prefix}port`]: `${port}`,
  };
}

function serviceTags(service: FakeService): Values {
  const { address, family = address === undefined ? INET : familyOf(address) } = service;
  const { netmask = family === INET ? 0xffffffff : 128 } = service;
  return {
    sched: service.sched ?? "rr",
    netmask: `${netmask.toString(2).replaceAll("0", "").length}`,
    address_family: FAMILIES[family]!,
    ...identity(service, ""),
  };
}

function destinationTags(service: FakeService, { address, port = 0 }: FakeDestination): Values {
  return {
    address: addressText(address),
    port: `${port}`,
    address_family: FAMILIES[familyOf(address)]!,
    ...identity(service, "virtual_"),
  };
}

function line(measurement: string, tags: Values, fields: Values, time: bigint): string {
  const escape = (text: string) => text.replace(/[,= ]/g, "\\$&");
  const tagText = Object.entries(tags).map(([name, value]) => `,${name}=${escape(value)}`);
  const fieldText = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return `${measurement}${tagText.join("")} ${fieldText.join(",")} ${time}\n`;
}

/** The lines of a table at a time in nanoseconds since 1970. */
export function telegrafLines(services: readonly FakeService[], time: bigint): string {
  const lines = services.flatMap((service) => [
    line("ipvs_virtual_server", serviceTags(service), statsFields(service.stats), time),
    ...(service.destinations ?? []).map((destination) => {
      const { active = 0, inactive = 0, stats } = destination;
      const connections = {
        active_connections: `${active}i`,
        inactive_connections: `${inactive}i`,
      };
      const fields = { ...connections, ...statsFields(stats) };
      return line("ipvs_real_server", destinationTags(service, destination), fields, time);
    }),
  ]);
  return lines.join("");
}
