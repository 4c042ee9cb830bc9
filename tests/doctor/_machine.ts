/**
 * A machine made of files, links and a fake kernel, for the doctor to examine.
 *
 * @module
 */
import type { Check } from "../../lib/doctor/check.ts";
import type { Machine, Reading } from "../../lib/doctor/machine.ts";
import { examine, type Outcome, type Report } from "../../lib/doctor/report.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import { fakeKernel, type Kernel } from "../_fake_kernel.ts";

export const ENOENT = 2, EACCES = 13;

/** Files and links that differ: a text, or an errno; undefined if absent. */
export type Changes = Readonly<Record<string, Reading | undefined>>;

export const STATUS = "/proc/thread-self/status";
export const USER = "/proc/thread-self/ns/user";
export const RELEASE = "/lib/modules/6.1.0-50-amd64";
export const VS = "/proc/sys/net/ipv4/vs";
export const STATUS_FILE = "/proc/thread-self/net/ip_vs_status";

/** The capability lines of a status, with CAP_NET_ADMIN in the given sets. */
export function status(...sets: readonly string[]): string {
  const lines = ["Inh", "Prm", "Eff", "Bnd", "Amb"].map((set) => {
    // The neighbouring bits are the opposite.
    const bits = sets.includes(set) ? 0x1000 : 0x1ffffffefff;
    return `Cap${set}:\t${bits.toString(16).padStart(16, "0")}\n`;
  });
  const flag = sets.includes("NoNewPrivs") ? 1 : 0;
  return `Name:\tipvstat\nUid:\t0\t0\t0\t0\n${lines.join("")}NoNewPrivs:\t${flag}\nSeccomp:\t0\n`;
}

/** The files of a director without problems. */
const FILES: Changes = {
  "/proc/sys/kernel/osrelease": "6.1.0-50-amd64\n",
  "/proc/modules": "nf_conntrack 1 1 ip_vs, Live 0x0\nip_vs_rr 16384 1 - Live 0x0\n" +
    "ip_vs 192512 3 ip_vs_rr, Live 0x0000000000000000\n",
  "/proc/thread-self/net/netlink": "sk Eth Pid\n",
  "/proc/thread-self/net/if_inet6": "",
  "/proc/thread-self/net/ip_vs": "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress\n",
  "/proc/thread-self/net/ip_vs_stats": "   Total\n",
  "/proc/thread-self/net/ip_vs_stats_percpu": "   Total\n",
  "/proc/thread-self/net/ip_vs_conn": "Pro FromIP\n",
  [`${VS}/amemthresh`]: "1024\n",
  [`${VS}/run_estimation`]: "1\n",
  "/proc/sys/net/ipv6/conf/all/disable_ipv6": "0\n",
  "/proc/thread-self/uid_map": "         0          0 4294967295\n",
  [STATUS]: status("Prm", "Eff", "Bnd"),
};

const LINKS: Changes = {
  "/proc/thread-self/exe": "/usr/bin/ipvstat",
  [USER]: "user:[4026531837]",
  "/proc/thread-self/ns/pid": "pid:[4026531836]",
  "/proc/thread-self/ns/net": "net:[4026531840]",
  "/proc/1/ns/net": "net:[4026531840]",
};

/** Settings and timeouts that suit the table. */
const TUNED: Partial<Kernel> = {
  timeouts: { tcp: 7200, tcpFin: 120, udp: 300 },
  proc: settingsFiles({
    conn_reuse_mode: "1",
    conntrack: "0",
    expire_nodest_conn: "1",
    expire_quiescent_template: "1",
    sloppy_tcp: "0",
    sync_threshold: "3\t50",
    sync_refresh_period: "0",
    sync_ports: "1",
    sync_persist_mode: "0",
  }),
};

/** The files of settings of IPVS, by path below /proc. */
function settingsFiles(settings: Readonly<Record<string, string>>): Record<string, string> {
  const files = Object.entries(settings);
  return Object.fromEntries(
    files.map(([name, value]) => [`sys/net/ipv4/vs/${name}`, `${value}\n`]),
  );
}

/** The tuned settings with some others. */
export function tunedWith(settings: Readonly<Record<string, string>>): Record<string, string> {
  return { ...TUNED.proc, ...settingsFiles(settings) };
}

/** How a machine differs from one without problems. */
export interface Setting {
  readonly kernel?: Partial<Kernel>;
  readonly changes?: Changes;
  /** Thrown when the source is opened. */
  readonly refusal?: unknown;
}

/** Removes files. */
export function without(...paths: readonly string[]): Changes {
  return Object.fromEntries(paths.map((path) => [path, undefined]));
}

/** Gives all IPVS files in `/proc/net` the same contents. */
export function netFiles(reading: Reading | undefined): Changes {
  const names = ["ip_vs", "ip_vs_stats", "ip_vs_stats_percpu", "ip_vs_conn"];
  return Object.fromEntries(names.map((name) => [`/proc/thread-self/net/${name}`, reading]));
}

/** Makes a machine; without a setting it has no problems. */
export function fakeMachine({ kernel = {}, changes = {}, refusal }: Setting = {}): Machine {
  const files = { ...FILES, ...changes };
  const links = { ...LINKS, ...changes };
  const services = [{ address: "10.0.0.1", port: 80, destinations: [{ address: "10.0.0.2" }] }];
  return {
    readFile(path, limit) {
      const reading = files[path] ?? ENOENT;
      return typeof reading === "string" ? reading.slice(0, limit) : reading;
    },
    readLink: (path) => links[path] ?? ENOENT,
    openSource() {
      if (refusal !== undefined) throw refusal;
      return Object.assign(fakeKernel({ services, ...TUNED, ...kernel }), {
        [Symbol.dispose]() {},
      });
    },
  };
}

/** An error of the kernel, to be thrown. */
export function refusal(errno: number, request = "IPVS_CMD_GET_INFO"): NetlinkError {
  return new NetlinkError({ request, errno });
}

/** Examines a machine; every error has exit code 9 and its own message. */
export async function report(setting: Setting = {}): Promise<Report> {
  return await examine(fakeMachine(setting), ({ error, snapshot }): Promise<Outcome> => {
    if (snapshot !== undefined) return Promise.resolve({ code: 0, line: "" });
    return Promise.resolve({ code: 9, line: (error as Error).message });
  });
}

/** One check of a machine, without its values. */
export async function found(id: string, setting: Setting = {}): Promise<Omit<Check, "values">> {
  const { checks } = await report(setting);
  const { values: _, ...check } = checks.find((check) => check.id === id)!;
  return check;
}
