/**
 * The checks of what a reading gave, and of the files beside it.
 *
 * @module
 */
import { countRealServers } from "../ipvs/snapshot.ts";
import { ENOENT, errnoCode, isMissingFamily } from "../netlink/errors.ts";
import { type Attempt, isWithoutNetlink } from "./attempt.ts";
import { type Check, WITHOUT_IP_VS } from "./check.ts";
import { type Files, hasNet, type Reading, readNetHead, readText, THREAD } from "./machine.ts";
import { elsewhere, type Namespace } from "./namespace.ts";

/** The files of `/proc/net` that this program reads. */
const NET_FILES = ["ip_vs", "ip_vs_stats", "ip_vs_stats_percpu", "ip_vs_conn", "ip_vs_status"];

/** Whether a kernel is older than the file: `ip_vs_status` exists since Linux 7.1. */
function isOlder(name: string, reading: Reading): boolean {
  return name === "ip_vs_status" && reading === ENOENT;
}

/** Checks the files of `/proc/net`. */
export function checkProc(files: Files): Check {
  const id = "proc";
  const all = NET_FILES.map((name) => [name, readNetHead(files, name)] as const);
  const values = Object.fromEntries(
    all.map(([name, reading]) => [
      name,
      isOlder(name, reading) ? null : typeof reading === "string",
    ]),
  );
  const readings = all.filter(([name, reading]) => !isOlder(name, reading));
  const unread = readings.filter(([, reading]) => typeof reading === "number");
  if (unread.length === 0) {
    const names = readings.map(([name]) => name).join(", ");
    return { id, status: "ok", finding: `${names} can be read`, values };
  }
  if (readText(files, `${THREAD}/status`) === undefined) {
    const finding = "/proc is not mounted here, so there are no totals";
    return { id, status: "warning", finding, mend: ["sudo mount -t proc proc /proc"], values };
  }
  const areAbsent = readings.every(([, reading]) => reading === ENOENT);
  if (areAbsent && hasNet(files, "netlink")) {
    return { id, status: "unknown", finding: WITHOUT_IP_VS, values };
  }
  const why = unread.map(([name, errno]) => `${name}: ${errnoCode(Number(errno))}`).join(", ");
  const mend = ["sudo ipvstat doctor"];
  return { id, status: "warning", finding: `cannot read ${why}`, mend, values };
}

/** Tells the number that this boot of the kernel gave IPVS's generic netlink family. */
export function checkFamily(files: Files, { family, error }: Attempt): Check {
  const id = "family";
  const values = { number: family?.id ?? null, version: family?.version ?? null };
  if (family !== undefined) {
    const finding = `generic netlink family IPVS is number ${family.id}, version ${family.version}`;
    return { id, status: "ok", finding, values };
  }
  if (!hasNet(files, "ip_vs") && hasNet(files, "netlink")) {
    const finding = "not asked for: that could make the kernel load ip_vs";
    return { id, status: "unknown", finding, values };
  }
  if (isMissingFamily(error)) {
    const finding = "the kernel has no generic netlink family IPVS";
    return { id, status: "failed", finding, mend: ["sudo modprobe ip_vs"], values };
  }
  return { id, status: "unknown", finding: "could not be asked for", values };
}

/** Checks the width of the counters. */
export function checkCounters({ snapshot }: Attempt): Check {
  const id = "counters";
  const unknown = (finding: string): Check => ({
    ...{ id, status: "unknown", finding, values: { bits: null } },
  });
  if (snapshot === undefined) return unknown("cannot be told without a reading");
  if (snapshot.virtualServers.length === 0) return unknown("no virtual server to tell it from");
  const values = { bits: snapshot.statsWidth };
  if (snapshot.statsWidth === 64) return { id, status: "ok", finding: "64 bits wide", values };
  return {
    id,
    status: "warning",
    finding: "32 bits wide: connections and packets wrap at 4294967296",
    mend: ["boot Linux 4.1 or later"],
    values,
  };
}

/**
 * Tells what `show` shows; `line`: what it says where it fails; `isExplained`: another check failed
 * and has what mends it.
 */
export function checkShow(
  attempt: Attempt,
  namespace: Namespace,
  line: string,
  isExplained: boolean,
): Check {
  const id = "show";
  const { snapshot, error } = attempt;
  const values = {
    virtual_servers: snapshot?.virtualServers.length ?? null,
    real_servers: snapshot === undefined ? null : countRealServers(snapshot.virtualServers),
    consistency: snapshot?.consistency.state ?? null,
    unknown_attributes: snapshot?.unknownAttributes ?? null,
  };
  if (snapshot === undefined) {
    const failed = { id, status: "failed", finding: line, values } as const;
    if (isExplained) return failed;
    const mend = isWithoutNetlink(error)
      ? "RestrictAddressFamilies=AF_NETLINK in the systemd unit"
      : "ipvstat show --debug";
    return { ...failed, mend: [mend] };
  }
  const [doubt] = snapshot.consistency.doubts;
  if (doubt !== undefined) {
    const finding = `the table kept changing while it was read; ${doubt}`;
    return { id, status: "warning", finding, mend: ["ipvstat"], values };
  }
  const virtualServers = snapshot.virtualServers.length;
  if (virtualServers === 0) {
    const finding = "no virtual servers in this network namespace";
    return { id, status: "warning", finding, mend: elsewhere(namespace), values };
  }
  const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
  const skipped = snapshot.unknownAttributes > 0
    ? `; skipped ${count(snapshot.unknownAttributes, "attribute")} of a newer kernel`
    : "";
  const finding = count(virtualServers, "virtual server") + ", " +
    count(countRealServers(snapshot.virtualServers), "real server") + skipped;
  return { id, status: "ok", finding, values };
}
