/**
 * Settings that change what the numbers mean: the estimator and IPv6.
 *
 * @module
 */
import type { KernelStatus } from "../procfs/ip_vs_status.ts";
import { SETTINGS_DIRECTORY } from "../procfs/settings.ts";
import { type Check, WITHOUT_IP_VS } from "./check.ts";
import { type Files, hasNet, NET, readText } from "./machine.ts";

const VS = `/proc/${SETTINGS_DIRECTORY}`;
const DISABLE_IPV6 = "net.ipv6.conf.all.disable_ipv6";

/** The number that a setting of IPVS has; null if it cannot be read. */
export function readSetting(files: Files, name: string): number | null {
  const text = readText(files, `${VS}/${name}`);
  return text === undefined ? null : Number(text);
}

/** Checks whether the kernel's estimator runs. What it has not seen, no counter and no rate shows. */
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
  const told = { id, values };
  // Every kernel with ip_vs has amemthresh, where it shows this directory at all.
  if (run === undefined && readText(files, `${VS}/amemthresh`) === undefined) {
    if (!hasNet(files, "ip_vs")) return { ...told, status: "unknown", finding: WITHOUT_IP_VS };
    const finding = `cannot be told, as ${VS} is not there`;
    const mend = ["ProcSubset=all in the systemd unit, if this is one"];
    return { ...told, status: "unknown", finding, mend };
  }
  const stopped = [
    { is: run === "0", finding: "run_estimation is 0", mend: "net.ipv4.vs.run_estimation=1" },
    { is: cpus === "", finding: "est_cpulist is empty", mend: "net.ipv4.vs.est_cpulist=all" },
  ].filter(({ is }) => is);
  if (stopped.length > 0) {
    const why = stopped.map(({ finding }) => `net.ipv4.vs.${finding}`).join(" and ");
    return {
      ...told,
      status: "warning",
      finding: `frozen: ${why}, so counters and rates stand still`,
      mend: [`sudo sysctl -w ${stopped.map(({ mend }) => mend).join(" ")}`],
    };
  }
  const how = cpus === undefined
    ? "by a timer"
    : `on CPUs ${cpus} with niceness ${values.est_nice}${capacityText(status)}`;
  return { ...told, status: "ok", finding: `runs every 2 seconds ${how}` };
}

function estimatorValues(status: KernelStatus | undefined) {
  return {
    thread_slots: status?.estimator.threadSlots ?? null,
    thread_slots_limit: status?.estimator.threadSlotsLimit ?? null,
    chain_length_limit: status?.estimator.chainLengthLimit ?? null,
    thread_capacity: status?.estimator.threadCapacity ?? null,
  };
}

/** How many threads there are and what each can do, once the kernel has measured its own speed. */
function capacityText(status: KernelStatus | undefined): string {
  const { threadSlots, threadSlotsLimit, threadCapacity } = status?.estimator ?? {};
  if (!threadSlotsLimit || !threadCapacity) return "";
  return `, in ${threadSlots} of at most ${threadSlotsLimit} threads, ` +
    `each for up to ${threadCapacity} estimators`;
}

/** Checks IPv6; `spoken`: whether ip_vs speaks it, where it could be asked. */
export function checkIpv6(files: Files, spoken: boolean | undefined): Check {
  const kernel = hasNet(files, "netlink") ? hasNet(files, "if_inet6") : undefined;
  const disabled = readText(files, `/proc/sys/${DISABLE_IPV6.replaceAll(".", "/")}`);
  const values = {
    kernel: kernel ?? null,
    disabled: disabled === undefined ? null : disabled !== "0",
    ip_vs: spoken ?? null,
  };
  return { id: "ipv6", ...judgeIpv6(files, kernel, disabled ?? "0", spoken), values };
}

function judgeIpv6(
  files: Files,
  kernel: boolean | undefined,
  disabled: string,
  spoken: boolean | undefined,
): Omit<Check, "id"> {
  const warn = (finding: string, mend: string) =>
    ({ status: "warning", finding, mend: [mend] }) as const;
  if (kernel === false) {
    if (readText(files, "/sys/module/ipv6/parameters/disable") === "1") {
      return warn("was disabled when the kernel started", "boot without ipv6.disable=1");
    }
    // Where IPv6 is a module, that of ip_vs brings it along.
    return hasNet(files, "ip_vs")
      ? warn("neither built in nor loaded", "sudo modprobe ipv6")
      : { status: "unknown", finding: WITHOUT_IP_VS };
  }
  if (spoken === false) {
    const mend = "boot a kernel that was built with CONFIG_IP_VS_IPV6";
    return warn("ip_vs does not speak it", mend);
  }
  if (disabled !== "0") {
    const finding = `disabled in this network namespace: ${DISABLE_IPV6} is ${disabled}`;
    return warn(finding, `sudo sysctl -w ${DISABLE_IPV6}=0`);
  }
  if (spoken === true) return { status: "ok", finding: "ip_vs speaks it" };
  const finding = kernel === true
    ? "the kernel has it; ip_vs could not be asked"
    : `cannot be told, as ${NET} cannot be read`;
  return { status: "unknown", finding };
}
