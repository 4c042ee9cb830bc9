/**
 * Rules for `ipvsadm -R`, as `ipvsadm -Sn` prints them, with what that leaves out: thresholds, marks
 * from 2147483648 on, and no empty list of scheduler flags.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { ByteWriter, type Sink } from "./byte_writer.ts";
import { printable } from "./printable.ts";

/**
 * Encodes the configuration of a snapshot: a line for each server, virtual servers first.
 *
 * @throws {RangeError} if ipvsadm has no option for the protocol of a virtual server, before anything
 * is written.
 */
export function encodeIpvsadm(snapshot: Snapshot, sink: Sink): void {
  const out = new ByteWriter(sink);
  for (const { protocol, key } of snapshot.virtualServers) {
    if (protocol === undefined || protocol in PROTOCOL_OPTIONS) continue;
    throw new RangeError(`Cannot write ${key} as a rule: ipvsadm has no option for the protocol`);
  }
  for (const virtual of snapshot.virtualServers) {
    const service = serviceOf(virtual);
    out.text(`-A ${service}${settingsOf(virtual)}\n`);
    for (const real of virtual.realServers) {
      out.text(`-a ${service} -r ${real.key}${realSettingsOf(real)}\n`);
    }
  }
  out.flush();
}

const PROTOCOL_OPTIONS: Readonly<Record<string, string>> = {
  tcp: "-t",
  udp: "-u",
  sctp: "--sctp-service",
};

/** The option that names a virtual server. */
function serviceOf(virtual: VirtualServer): string {
  const { fwmark, addressFamily, protocol, key } = virtual;
  if (fwmark !== undefined) return `-f ${fwmark}${addressFamily === "inet6" ? " -6" : ""}`;
  return `${PROTOCOL_OPTIONS[protocol!]} ${key.slice(key.indexOf(" ") + 1)}`;
}

function settingsOf(virtual: VirtualServer): string {
  const { sched, persistent, persistenceTimeout, onePacket, schedFlags, pe } = virtual;
  return [
    ` -s ${printable(sched)}`,
    persistent ? ` -p ${persistenceTimeout}${netmaskOf(virtual)}` : "",
    onePacket ? " -o" : "",
    schedFlags.length > 0 ? ` -b ${schedFlags.join(",")}` : "",
    pe === undefined ? "" : ` --pe ${printable(pe)}`,
  ].join("");
}

/** The netmask of a persistent virtual server, unless it is the default. */
function netmaskOf({ addressFamily, netmask }: VirtualServer): string {
  if (addressFamily === "inet6") return netmask === 128 ? "" : ` -M ${netmask}`;
  return netmask === 32 ? "" : ` -M ${dottedMask(netmask)}`;
}

function dottedMask(length: number): string {
  const bits = "1".repeat(length).padEnd(32, "0");
  return [0, 8, 16, 24].map((start) => parseInt(bits.slice(start, start + 8), 2)).join(".");
}

/** The options of forwarding; a method that cannot be set is that of direct routing. */
const METHOD_OPTIONS: Readonly<Record<string, string>> = { masq: "-m", tunnel: "-i" };

function realSettingsOf(real: RealServer): string {
  const { forwardingMethod, weight, upperThreshold, lowerThreshold } = real;
  return [
    ` ${METHOD_OPTIONS[forwardingMethod] ?? "-g"} -w ${weight}`,
    upperThreshold > 0 ? ` -x ${upperThreshold}` : "",
    lowerThreshold > 0 ? ` -y ${lowerThreshold}` : "",
    tunnelOf(real),
  ].join("");
}

function tunnelOf({ tunnelType, tunnelPort, tunnelChecksum }: RealServer): string {
  if (tunnelType === undefined) return "";
  const port = tunnelType === "gue" ? ` --tun-port ${tunnelPort}` : "";
  return ` --tun-type ${tunnelType}${port}${
    tunnelType === "ipip" ? "" : ` --tun-${tunnelChecksum}`
  }`;
}
