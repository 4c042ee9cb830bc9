/**
 * Reads the settings of IPVS, below `/proc/sys/net/ipv4/vs`, that affect the values in a snapshot or
 * how connections are handled.
 * Each network namespace has its own settings.
 *
 * @module
 */
import { DecodeError } from "../netlink/errors.ts";

/** Settings of IPVS; null for a setting that the kernel does not have. */
export interface Settings {
  /** `run_estimation`, since Linux 5.16: with 0, counters and rates are not updated. */
  readonly runEstimation: number | null;
  /**
   * `est_cpulist`, since Linux 6.2: CPUs of the estimator's threads; if empty, they are stopped.
   */
  readonly estCpulist: string | null;
  /** `est_nice`, since Linux 6.2: niceness of the estimator's threads, -20 to 19. */
  readonly estNice: number | null;
  /** `conn_max`, since Linux 7.2: maximum number of connections. */
  readonly connMax: number | null;
  /** `conn_lfactor`, since Linux 7.1: load factor of the connection table, -8 to 8. */
  readonly connLfactor: number | null;
  /** `svc_lfactor`, since Linux 7.1: load factor of the table of virtual servers, -8 to 8. */
  readonly svcLfactor: number | null;
  /**
   * `conn_reuse_mode`, since Linux 4.1: with 0, a new connection from a reused port goes to the real
   * server of the previous one.
   */
  readonly connReuseMode: number | null;
  /** `conntrack`: whether connections are also tracked by the firewall. */
  readonly conntrack: number | null;
  /** `expire_nodest_conn`: whether connections end when their real server is removed. */
  readonly expireNodestConn: number | null;
  /** `expire_quiescent_template`: whether persistence ends at a real server of weight 0. */
  readonly expireQuiescentTemplate: number | null;
  /** `sloppy_tcp`, since Linux 3.11: whether any packet may start a TCP connection. */
  readonly sloppyTcp: number | null;
  /** `sync_threshold`, first number: packets after which a connection is synchronized. */
  readonly syncThreshold: number | null;
  /** `sync_threshold`, second number: it is synchronized again after this many packets. */
  readonly syncPeriod: number | null;
  /** `sync_refresh_period`, since Linux 3.5: seconds between messages about a connection. */
  readonly syncRefreshPeriod: number | null;
  /** `sync_ports`, since Linux 3.5: number of threads and ports of the sync daemons. */
  readonly syncPorts: number | null;
  /** `sync_persist_mode`, since Linux 3.11: with 1, of persistence only templates are synchronized. */
  readonly syncPersistMode: number | null;
}

/** The kernel's estimator updates counters and rates after this many seconds. */
export const ESTIMATOR_SECONDS = 2;

/** The directory of the settings, below `/proc`. */
export const SETTINGS_DIRECTORY = "sys/net/ipv4/vs";

/**
 * Reads the settings. `readFile` returns the text of a file below `/proc`, or undefined if it
 * cannot be read. Returns null if no setting can be read.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readSettings } from "./settings.ts";
 *
 * const files = new Map([["sys/net/ipv4/vs/run_estimation", "1\n"]]);
 * const settings = readSettings((path) => files.get(path));
 * assert(settings?.runEstimation === 1 && settings.connMax === null);
 * ```
 *
 * @throws {DecodeError} if a numeric setting is not an integer of at most 32 bits.
 */
export function readSettings(readFile: (path: string) => string | undefined): Settings | null {
  const text = (name: string) => readFile(`${SETTINGS_DIRECTORY}/${name}`)?.trim() ?? null;
  const settings: Settings = {
    runEstimation: toNumber("run_estimation", text),
    estCpulist: text("est_cpulist"),
    estNice: toNumber("est_nice", text),
    connMax: toNumber("conn_max", text),
    connLfactor: toNumber("conn_lfactor", text),
    svcLfactor: toNumber("svc_lfactor", text),
    connReuseMode: toNumber("conn_reuse_mode", text),
    conntrack: toNumber("conntrack", text),
    expireNodestConn: toNumber("expire_nodest_conn", text),
    expireQuiescentTemplate: toNumber("expire_quiescent_template", text),
    sloppyTcp: toNumber("sloppy_tcp", text),
    ...readSyncThreshold(text),
    syncRefreshPeriod: toNumber("sync_refresh_period", text),
    syncPorts: toNumber("sync_ports", text),
    syncPersistMode: toNumber("sync_persist_mode", text),
  };
  return Object.values(settings).every((value) => value === null) ? null : settings;
}

/** Whether the settings stop the estimator, so that counters and rates of servers do not move. */
export function isFrozen(settings: Settings | null): boolean {
  return settings?.runEstimation === 0 || settings?.estCpulist === "";
}

/** Two numbers in one file. */
function readSyncThreshold(
  text: (name: string) => string | null,
): Pick<Settings, "syncThreshold" | "syncPeriod"> {
  const name = "sync_threshold";
  const values = text(name)?.split(/\s+/) ?? [null, null];
  if (values.length !== 2) {
    const path = `${SETTINGS_DIRECTORY}/${name}`;
    throw new DecodeError(`Cannot parse ${path}: it has ${values.length} numbers, not 2`);
  }
  const [syncThreshold, syncPeriod] = values.map((value) => toNumber(name, () => value));
  return { syncThreshold: syncThreshold!, syncPeriod: syncPeriod! };
}

function toNumber(name: string, text: (name: string) => string | null): number | null {
  const value = text(name);
  if (value === null) return null;
  const number = Number(value);
  // Newer kernels may allow other values, but not more than 32 bits.
  if (/^-?\d{1,10}$/.test(value) && number >= -(2 ** 31) && number < 2 ** 32) return number;
  throw new DecodeError(
    `Cannot parse ${SETTINGS_DIRECTORY}/${name}: "${value}" is not an integer of 32 bits`,
  );
}
