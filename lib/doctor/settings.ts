/**
 * Settings that change what the numbers mean: the estimator and IPv6.
 *
 * @module
 */
import { type Check, WITHOUT_IP_VS } from "./check.ts";
import { type Files, hasNet, NET, readText } from "./machine.ts";

const VS = "/proc/sys/net/ipv4/vs";
const DISABLE_IPV6 = "net.ipv6.conf.all.disable_ipv6";

/** Checks whether the kernel's estimator runs. What it has not seen, no counter and no rate shows. */
export function checkEstimator(files: Files): Check {
  const id = "estimator";
  const run = readText(files, `${VS}/run_estimation`);
  const cpus = readText(files, `${VS}/est_cpulist`);
  const nice = readText(files, `${VS}/est_nice`);
  const values = {
    run_estimation: run === undefined ? null : Number(run),
    est_cpulist: cpus ?? null,
    est_nice: nice === undefined ? null : Number(nice),
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
  const how = cpus === undefined ? "by a timer" : `on CPUs ${cpus} with niceness ${nice}`;
  return { ...told, status: "ok", finding: `runs every 2 seconds ${how}` };
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
