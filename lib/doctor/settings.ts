/**
 * Settings that affect the numbers: the estimator and IPv6.
 *
 * @module
 */
import type { KernelStatus } from "../procfs/ip_vs_status.ts";
import { SETTINGS_DIRECTORY } from "../procfs/settings.ts";
import { type Check, WITHOUT_IP_VS } from "./check.ts";
import { type Files, hasNet, NET, readText } from "./machine.ts";

const VS = `/proc/${SETTINGS_DIRECTORY}`;
const DISABLE_IPV6 = "net.ipv6.conf.all.disable_ipv6";

/** The value of an IPVS setting; null if it cannot be read. */
export function readSetting(files: Files, name: string): number | null {
  const text = readText(files, `${VS}/${name}`);
  return text === undefined ? null : Number(text);
}

/** Checks whether the kernel's estimator runs: counters and rates are its copies. */
export function checkEstimator(files: Files, status: KernelStatus | undefined): Check {
  const id = "estimator";
  const run = readText(files, `${VS}/run_estimation`);
  const cpus = readText(files, `${VS}/est_cpulist`);
  const values = {
    run_estimation: readSetting(files, "run_estimation"),
    est_cpulist: cpus ?? null,
    est_nice: readSetting(files, "est_nice"),
    ...estimatorValues(status),
  };
  const common = { id, values };
  // Every kernel with ip_vs has amemthresh, if this directory is visible at all.
  if (run === undefined && readText(files, `${VS}/amemthresh`) === undefined) {
    if (!hasNet(files, "ip_vs")) return { ...common, status: "unknown", finding: WITHOUT_IP_VS };
    const finding = `not checked: ${VS} is not readable`;
    const fix = ["in a systemd unit, set ProcSubset=all"];
    return { ...common, status: "unknown", finding, fix };
  }
  const stopped = [
    { is: run === "0", finding: "run_estimation is 0", setting: "net.ipv4.vs.run_estimation=1" },
    { is: cpus === "", finding: "est_cpulist is empty", setting: "net.ipv4.vs.est_cpulist=all" },
  ].filter(({ is }) => is);
  if (stopped.length > 0) {
    const why = stopped.map(({ finding }) => `net.ipv4.vs.${finding}`).join(" and ");
    return {
      ...common,
      status: "warning",
      finding: `frozen: ${why}, so counters and rates do not change`,
      fix: [`sudo sysctl -w ${stopped.map(({ setting }) => setting).join(" ")}`],
    };
  }
  const how = cpus === undefined
    ? "on a timer"
    : `on CPUs ${cpus} with niceness ${values.est_nice}${capacityText(status)}`;
  return { ...common, status: "ok", finding: `runs every 2 seconds ${how}` };
}

function estimatorValues(status: KernelStatus | undefined) {
  return {
    thread_slots: status?.estimator.threadSlots ?? null,
    thread_slots_limit: status?.estimator.threadSlotsLimit ?? null,
    chain_length_limit: status?.estimator.chainLengthLimit ?? null,
    thread_capacity: status?.estimator.threadCapacity ?? null,
  };
}

/** The number of threads and their capacity, which the kernel measures after it has started. */
function capacityText(status: KernelStatus | undefined): string {
  const { threadSlots, threadSlotsLimit, threadCapacity } = status?.estimator ?? {};
  if (!threadSlotsLimit || !threadCapacity) return "";
  return `, ${threadSlots} of at most ${threadSlotsLimit} threads, ` +
    `up to ${threadCapacity} estimators each`;
}

/** Checks IPv6; `supported`: whether ip_vs supports it, undefined if unknown. */
export function checkIpv6(files: Files, supported: boolean | undefined): Check {
  const kernel = hasNet(files, "netlink") ? hasNet(files, "if_inet6") : undefined;
  const disabled = readText(files, `/proc/sys/${DISABLE_IPV6.replaceAll(".", "/")}`);
  const values = {
    kernel: kernel ?? null,
    disabled: disabled === undefined ? null : disabled !== "0",
    ip_vs: supported ?? null,
  };
  return { id: "ipv6", ...judgeIpv6(files, kernel, disabled ?? "0", supported), values };
}

function judgeIpv6(
  files: Files,
  kernel: boolean | undefined,
  disabled: string,
  supported: boolean | undefined,
): Omit<Check, "id"> {
  const warn = (finding: string, fix: string) =>
    ({ status: "warning", finding, fix: [fix] }) as const;
  if (kernel === false) {
    if (readText(files, "/sys/module/ipv6/parameters/disable") === "1") {
      return warn("disabled at boot", "boot without ipv6.disable=1");
    }
    // If IPv6 is a module, loading ip_vs loads it.
    return hasNet(files, "ip_vs")
      ? warn("neither built in nor loaded", "sudo modprobe ipv6")
      : { status: "unknown", finding: WITHOUT_IP_VS };
  }
  if (supported === false) {
    return warn("not supported by ip_vs", "boot a kernel built with CONFIG_IP_VS_IPV6");
  }
  if (disabled !== "0") {
    const finding = `disabled in this network namespace: ${DISABLE_IPV6} is ${disabled}`;
    return warn(finding, `sudo sysctl -w ${DISABLE_IPV6}=0`);
  }
  if (supported === true) return { status: "ok", finding: "supported by ip_vs" };
  const finding = kernel === true
    ? "supported by the kernel; ip_vs not checked"
    : `not checked: ${NET} is not readable`;
  return { status: "unknown", finding };
}
