/**
 * The checks of the trial reading, and of the files in /proc/net.
 *
 * @module
 */
import { countRealServers } from "../ipvs/snapshot.ts";
import { ENOENT, errnoCode, isMissingFamily } from "../netlink/errors.ts";
import { countOf } from "../output/human.ts";
import { type Check, WITHOUT_IP_VS } from "./check.ts";
import { type Files, hasNet, type Reading, readNetHead, readText, THREAD } from "./machine.ts";
import { type Namespace, suggestNamespace } from "./namespace.ts";
import { isNetlinkUnavailable, type Probe } from "./probe.ts";

/** The files in `/proc/net` to check. */
const NET_FILES = ["ip_vs", "ip_vs_stats", "ip_vs_stats_percpu", "ip_vs_conn", "ip_vs_status"];

/** Whether the kernel is too old for the file: `ip_vs_status` exists since Linux 7.1. */
function isTooOld(name: string, reading: Reading): boolean {
  return name === "ip_vs_status" && reading === ENOENT;
}

/** Checks whether the files in `/proc/net` can be read. */
export function checkProc(files: Files): Check {
  const id = "proc";
  const all = NET_FILES.map((name) => [name, readNetHead(files, name)] as const);
  const values = Object.fromEntries(
    all.map(([name, reading]) => [
      name,
      isTooOld(name, reading) ? null : typeof reading === "string",
    ]),
  );
  const readings = all.filter(([name, reading]) => !isTooOld(name, reading));
  const unread = readings.filter(([, reading]) => typeof reading === "number");
  if (unread.length === 0) {
    const names = readings.map(([name]) => name).join(", ");
    return { id, status: "ok", finding: `${names} can be read`, values };
  }
  if (readText(files, `${THREAD}/status`) === undefined) {
    const finding = "/proc is not mounted, so the totals are missing";
    return { id, status: "warning", finding, fix: ["sudo mount -t proc proc /proc"], values };
  }
  const areAbsent = readings.every(([, reading]) => reading === ENOENT);
  if (areAbsent && hasNet(files, "netlink")) {
    return { id, status: "unknown", finding: WITHOUT_IP_VS, values };
  }
  const why = unread.map(([name, errno]) => `${name}: ${errnoCode(Number(errno))}`).join(", ");
  const fix = ["sudo ipvstat doctor"];
  return { id, status: "warning", finding: `cannot read ${why}`, fix, values };
}

/** Reports the ID of IPVS's generic netlink family, which differs from boot to boot. */
export function checkFamily(files: Files, { family, error }: Probe): Check {
  const id = "family";
  const values = { number: family?.id ?? null, version: family?.version ?? null };
  if (family !== undefined) {
    const finding = `generic netlink family IPVS has ID ${family.id}, version ${family.version}`;
    return { id, status: "ok", finding, values };
  }
  if (!hasNet(files, "ip_vs") && hasNet(files, "netlink")) {
    const finding = "not checked: the lookup could make the kernel load ip_vs";
    return { id, status: "unknown", finding, values };
  }
  if (isMissingFamily(error)) {
    const finding = "the kernel has no generic netlink family IPVS";
    return { id, status: "failed", finding, fix: ["sudo modprobe ip_vs"], values };
  }
  return { id, status: "unknown", finding: "not checked: the lookup failed", values };
}

/** Checks the width of the counters. */
export function checkCounters({ snapshot }: Probe): Check {
  const id = "counters";
  const unknown = (finding: string): Check => ({
    ...{ id, status: "unknown", finding, values: { bits: null } },
  });
  if (snapshot === undefined) return unknown("not checked: IPVS could not be read");
  if (snapshot.virtualServers.length === 0) {
    return unknown("not checked: there are no virtual servers");
  }
  const values = { bits: snapshot.statsWidth };
  if (snapshot.statsWidth === 64) return { id, status: "ok", finding: "64 bits wide", values };
  return {
    id,
    status: "warning",
    finding: "32 bits wide: connections and packets wrap at 4294967296",
    fix: ["boot Linux 4.1 or later"],
    values,
  };
}

/**
 * Reports the result of `show`.
 *
 * @param line the message of `show` if it fails
 * @param isExplained whether another failed check has the fix
 */
export function checkShow(
  probe: Probe,
  namespace: Namespace,
  line: string,
  isExplained: boolean,
): Check {
  const id = "show";
  const { snapshot, error } = probe;
  const values = {
    virtual_servers: snapshot?.virtualServers.length ?? null,
    real_servers: snapshot === undefined ? null : countRealServers(snapshot.virtualServers),
    consistency: snapshot?.consistency.state ?? null,
    unknown_attributes: snapshot?.unknownAttributes ?? null,
  };
  if (snapshot === undefined) {
    const failed = { id, status: "failed", finding: line, values } as const;
    if (isExplained) return failed;
    const fix = isNetlinkUnavailable(error)
      ? "set RestrictAddressFamilies=AF_NETLINK in the systemd unit"
      : "ipvstat show --debug";
    return { ...failed, fix: [fix] };
  }
  const [doubt] = snapshot.consistency.doubts;
  if (doubt !== undefined) {
    const finding = `the table kept changing during the read; ${doubt}`;
    return { id, status: "warning", finding, fix: ["run ipvstat again"], values };
  }
  const virtualServers = snapshot.virtualServers.length;
  if (virtualServers === 0) {
    const finding = "no virtual servers in this network namespace";
    return { id, status: "warning", finding, fix: suggestNamespace(namespace), values };
  }
  const skipped = snapshot.unknownAttributes > 0
    ? `; skipped ${countOf(snapshot.unknownAttributes, "attribute")} of a newer kernel`
    : "";
  const finding = countOf(virtualServers, "virtual server") + ", " +
    countOf(countRealServers(snapshot.virtualServers), "real server") + skipped;
  return { id, status: "ok", finding, values };
}
