/**
 * The kernel: its release, and whether it has ip_vs.
 *
 * @module
 */
import type { Check } from "./check.ts";
import { type Files, hasNet, readText } from "./machine.ts";

/** The text of the running kernel's release, such as `6.1.0-50-amd64`; undefined without /proc/sys. */
export function readRelease(files: Files): string | undefined {
  return readText(files, "/proc/sys/kernel/osrelease");
}

/** Checks what a kernel of this release can tell. */
export function checkKernel(files: Files): Check {
  const id = "kernel";
  const release = readRelease(files);
  const numbers = /^(\d+)\.(\d+)/.exec(release ?? "");
  if (release === undefined || numbers === null) {
    const finding = "its release cannot be told, as /proc/sys is not there";
    return { id, status: "unknown", finding, values: { release: release ?? null } };
  }
  const version = Number(numbers[1]) * 1000 + Number(numbers[2]);
  const since = (major: number, minor: number) => version >= major * 1000 + minor;
  const traits = [
    since(4, 1) ? "64-bit counters" : "32-bit counters: 64 bits came with 4.1",
    since(6, 2) ? "estimated by kernel threads" : "estimated by a timer",
    since(7, 1) ? "a connection table for each network namespace" : "one connection table",
  ];
  if (!since(3, 18)) traits.push("real servers of their virtual server's address family only");
  const finding = `Linux ${release}: ${traits.join(", ")}`;
  const values = { release };
  if (since(4, 1)) return { id, status: "ok", finding, values };
  return { id, status: "warning", finding, mend: ["boot Linux 4.1 or later"], values };
}

/** Checks whether ip_vs is there. */
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
      ? { state: "present", status: "ok", finding: "ip_vs is there" }
      : { state: "built_in", status: "ok", finding: "ip_vs is built into the kernel" };
  }
  // Without a /proc that tells, ip_vs may well be there.
  if (modules === undefined && !hasNet(files, "netlink")) {
    return {
      state: null,
      status: "unknown",
      finding: "/proc does not tell whether ip_vs is there",
    };
  }
  return { status: "failed", ...searchModule(files) };
}

/** Searches the modules of the running kernel for one that can be loaded. */
function searchModule(files: Files): Omit<Found, "status"> {
  const directory = `/lib/modules/${readRelease(files)}`;
  const builtIn = readText(files, `${directory}/modules.builtin`);
  if (/\/ip_vs\.ko$/m.test(builtIn ?? "")) {
    const finding = "ip_vs is built into the kernel but did not start";
    return { state: "built_in", finding, mend: ["sudo dmesg | grep -e IPVS -e ip_vs"] };
  }
  const dependencies = readText(files, `${directory}/modules.dep`);
  const path = /^(\S*\/ip_vs\.ko(?:\.(?:gz|xz|zst))?):/m.exec(dependencies ?? "")?.[1];
  if (path !== undefined) {
    const finding = `ip_vs is not loaded; it is there as ${path}`;
    return { state: "not_loaded", finding, mend: ["sudo modprobe ip_vs"] };
  }
  const boot = "boot a kernel that was built with CONFIG_IP_VS";
  if (dependencies !== undefined) {
    const finding = `ip_vs is not loaded, and ${directory} has none`;
    return { state: "absent", finding, mend: [boot] };
  }
  return {
    state: null,
    finding: "ip_vs is not loaded, and no modules of the running kernel are in /lib/modules",
    mend: [
      "on the host, if this is a container: sudo modprobe ip_vs",
      "if the kernel was upgraded meanwhile: sudo reboot",
      boot,
    ],
  };
}
