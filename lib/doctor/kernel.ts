/**
 * The kernel: its release, and whether ip_vs is available.
 *
 * @module
 */
import type { Check } from "./check.ts";
import { type Files, hasNet, readText } from "./machine.ts";

const OSRELEASE = "/proc/sys/kernel/osrelease";

/** The release of the running kernel, such as `6.1.0-50-amd64`; undefined without /proc/sys. */
function readRelease(files: Files): string | undefined {
  return readText(files, OSRELEASE);
}

/** Whether the running kernel is at least this version. */
export type Since = (major: number, minor: number) => boolean;

/** Compares the version of the running kernel; undefined if it cannot be read. */
export function readVersion(files: Files): Since | undefined {
  const numbers = /^(\d+)\.(\d+)/.exec(readRelease(files) ?? "");
  if (numbers === null) return undefined;
  const version = Number(numbers[1]) * 1000 + Number(numbers[2]);
  return (major, minor) => version >= major * 1000 + minor;
}

/** Reports what a kernel of this release supports. */
export function checkKernel(files: Files): Check {
  const id = "kernel";
  const release = readRelease(files);
  const since = readVersion(files);
  if (release === undefined || since === undefined) {
    const finding = `not checked: ${OSRELEASE} is not readable`;
    return { id, status: "unknown", finding, values: { release: release ?? null } };
  }
  const traits = [
    since(4, 1) ? "64-bit counters" : "32-bit counters (64-bit since 4.1)",
    since(6, 2) ? "estimator in kernel threads" : "estimator on a timer",
    since(7, 1) ? "one connection table per network namespace" : "one connection table",
  ];
  if (!since(3, 18)) traits.push("no mixed address families (since 3.18)");
  const finding = `Linux ${release}: ${traits.join(", ")}`;
  const values = { release };
  if (since(4, 1)) return { id, status: "ok", finding, values };
  return { id, status: "warning", finding, fix: ["boot Linux 4.1 or later"], values };
}

/** Checks whether ip_vs is available. */
export function checkModule(files: Files): Check {
  const { state, ...found } = findModule(files);
  return { id: "module", ...found, values: { state } };
}

interface Found extends Omit<Check, "id" | "values"> {
  readonly state: "loaded" | "built_in" | "present" | "not_loaded" | "absent" | null;
}

function findModule(files: Files): Found {
  const modules = readText(files, "/proc/modules");
  if (/^ip_vs /m.test(modules ?? "")) {
    return { state: "loaded", status: "ok", finding: "ip_vs is loaded" };
  }
  if (hasNet(files, "ip_vs")) {
    return modules === undefined
      ? { state: "present", status: "ok", finding: "ip_vs is available" }
      : { state: "built_in", status: "ok", finding: "ip_vs is built into the kernel" };
  }
  // Without these files, ip_vs may be available or not.
  if (modules === undefined && !hasNet(files, "netlink")) {
    return {
      state: null,
      status: "unknown",
      finding: "not checked: /proc/modules is not readable",
    };
  }
  return { status: "failed", ...searchModule(files) };
}

/** Searches the modules of the running kernel for ip_vs. */
function searchModule(files: Files): Omit<Found, "status"> {
  const directory = `/lib/modules/${readRelease(files)}`;
  const builtIn = readText(files, `${directory}/modules.builtin`);
  if (/\/ip_vs\.ko$/m.test(builtIn ?? "")) {
    const finding = "ip_vs is built into the kernel but failed to start";
    return { state: "built_in", finding, fix: ["sudo dmesg | grep -e IPVS -e ip_vs"] };
  }
  const dependencies = readText(files, `${directory}/modules.dep`);
  const path = /^(\S*\/ip_vs\.ko(?:\.(?:gz|xz|zst))?):/m.exec(dependencies ?? "")?.[1];
  if (path !== undefined) {
    const finding = `ip_vs is not loaded; the module is ${path}`;
    return { state: "not_loaded", finding, fix: ["sudo modprobe ip_vs"] };
  }
  const boot = "boot a kernel built with CONFIG_IP_VS";
  if (dependencies !== undefined) {
    const finding = `ip_vs is not loaded, and ${directory} does not contain it`;
    return { state: "absent", finding, fix: [boot] };
  }
  return {
    state: null,
    finding: "ip_vs is not loaded, and /lib/modules has no modules for the running kernel",
    fix: [
      "in a container, on the host: sudo modprobe ip_vs",
      "if the kernel was upgraded since boot: sudo reboot",
      boot,
    ],
  };
}
