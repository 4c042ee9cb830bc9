/**
 * CAP_NET_ADMIN: whether this thread has it in the initial user namespace, and what is missing if not.
 *
 * @module
 */
import type { Check } from "./check.ts";
import { type Files, readTarget, readText, THREAD } from "./machine.ts";

/** The bit of CAP_NET_ADMIN. */
const CAP_NET_ADMIN = 12n;

/** The kernel's PROC_USER_INIT_INO. */
const INITIAL_USER_NAMESPACE = "user:[4026531837]";

/** The state of CAP_NET_ADMIN, from /proc. */
export interface Capability {
  /** Whether it is in effect. */
  readonly effective: boolean;
  /** Whether it may be made effective. */
  readonly permitted: boolean;
  /** Whether it can be acquired at all. */
  readonly bounding: boolean;
  /** Whether it is kept when a program without file capabilities is started. */
  readonly ambient: boolean;
  /** Whether no_new_privs prevents sudo and file capabilities from granting it. */
  readonly noNewPrivileges: boolean;
  /** Name of the user namespace; undefined if unknown. */
  readonly userNamespace: string | undefined;
  /** Whether that is the initial one, the only one that counts for IPVS; undefined if unknown. */
  readonly isInitial: boolean | undefined;
}

/** Why the capability is missing, and how to get it. */
export interface MissingCapability {
  /** What is missing, in one line. */
  readonly finding: string;
  /** Alternative fixes. */
  readonly fix: readonly [string, ...string[]];
}

/** Reads the state for the calling thread; undefined if /proc is not readable. */
export function readCapability(files: Files): Capability | undefined {
  const status = readText(files, `${THREAD}/status`);
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\w+)$`, "m").exec(status ?? "")?.[1];
  const has = (name: string) => (BigInt(`0x${field(name) ?? 0}`) >> CAP_NET_ADMIN & 1n) === 1n;
  if (field("CapEff") === undefined) return undefined;
  const userNamespace = readTarget(files, `${THREAD}/ns/user`);
  return {
    effective: has("CapEff"),
    permitted: has("CapPrm"),
    bounding: has("CapBnd"),
    ambient: has("CapAmb"),
    noNewPrivileges: field("NoNewPrivs") === "1",
    userNamespace,
    isInitial: userNamespace === undefined
      ? isUnmapped(files)
      : userNamespace === INITIAL_USER_NAMESPACE,
  };
}

/** Whether user IDs are not mapped, as in the initial user namespace and hardly any other. */
function isUnmapped(files: Files): boolean | undefined {
  const map = readText(files, `${THREAD}/uid_map`);
  return map === undefined ? undefined : /^0\s+0\s+4294967295$/.test(map);
}

/** Explains why the kernel refused access: exactly what is missing, and how to fix it. */
export function explainRefusal(files: Files): MissingCapability {
  const capability = readCapability(files);
  if (capability === undefined) {
    return {
      finding: "CAP_NET_ADMIN in the initial user namespace is required " +
        `(${THREAD}/status is not readable)`,
      fix: ["sudo ipvstat"],
    };
  }
  return findMissing(capability, readTarget(files, `${THREAD}/exe`)) ?? {
    finding: "CAP_NET_ADMIN is effective, but something else denies access, " +
      "such as SELinux, AppArmor or a seccomp filter",
    fix: ["sudo journalctl --dmesg --grep=denied"],
  };
}

/** What is missing; undefined if nothing is. `program` is the running executable. */
function findMissing(capability: Capability, program?: string): MissingCapability | undefined {
  if (capability.isInitial === false) {
    return {
      finding: "CAP_NET_ADMIN counts only in the initial user namespace, and this is " +
        (capability.userNamespace ?? "another one"),
      fix: ["run ipvstat outside this user namespace, as root or with CAP_NET_ADMIN"],
    };
  }
  if (capability.effective) return undefined;
  const setcap = setcapCommand(program);
  if (capability.permitted) {
    return {
      finding: "CAP_NET_ADMIN is permitted but not effective",
      fix: [setcap ?? "sudo ipvstat"],
    };
  }
  if (!capability.bounding) {
    return {
      finding: "CAP_NET_ADMIN is not in the bounding set, so not even root can have it",
      fix: [
        "start the container with --cap-add NET_ADMIN",
        "set CapabilityBoundingSet=CAP_NET_ADMIN in the systemd unit",
      ],
    };
  }
  const unit = "set AmbientCapabilities=CAP_NET_ADMIN in the systemd unit";
  if (capability.noNewPrivileges) {
    return {
      finding:
        "CAP_NET_ADMIN is missing, and no_new_privs prevents sudo and setcap from granting it",
      fix: [unit],
    };
  }
  return {
    finding: "CAP_NET_ADMIN is neither effective nor permitted",
    fix: ["sudo ipvstat", ...(setcap === undefined ? [] : [setcap]), unit],
  };
}

/** The command that grants it to the executable; none for interpreters, such as deno. */
function setcapCommand(program: string | undefined): string | undefined {
  if (program === undefined || /\/(deno|node)[^/]*$/.test(program)) return undefined;
  const quoted = /^[\w./+-]+$/.test(program) ? program : `'${program.replaceAll("'", `'\\''`)}'`;
  return `sudo setcap cap_net_admin+ep ${quoted}`;
}

/** Checks the capability; `refused`: the kernel refused access to IPVS. */
export function checkCapability(files: Files, refused: boolean, wasRead: boolean): Check {
  const id = "capability";
  const capability = readCapability(files);
  const values = {
    effective: capability?.effective ?? null,
    permitted: capability?.permitted ?? null,
    bounding: capability?.bounding ?? null,
    ambient: capability?.ambient ?? null,
    no_new_privileges: capability?.noNewPrivileges ?? null,
    user_namespace: capability?.userNamespace ?? null,
    initial_user_namespace: capability?.isInitial ?? null,
  };
  const complete = capability?.effective === true && capability.isInitial !== false;
  if (wasRead || (complete && !refused)) {
    const finding = complete
      ? "CAP_NET_ADMIN is effective, in the initial user namespace"
      : "the kernel permits reading IPVS";
    return { id, status: "ok", finding, values };
  }
  const status = refused || capability !== undefined ? "failed" : "unknown";
  return { id, status, ...explainRefusal(files), values };
}
