/**
 * Capabilities: whether this thread has one where it counts, and what is missing if not. Reading IPVS
 * needs CAP_NET_ADMIN, entering a network namespace CAP_SYS_ADMIN, and finding that of another user's
 * process CAP_SYS_PTRACE.
 *
 * @module
 */
import type { Check } from "./check.ts";
import { type Files, readTarget, readText, THREAD } from "./machine.ts";

/** A capability that the program needs. */
export interface NeededCapability {
  /** Its name, such as `CAP_NET_ADMIN`. */
  readonly name: string;
  /** The number of its bit. */
  readonly bit: bigint;
  /** The user namespace in which it counts. */
  readonly where: string;
  /** The names of all capabilities that reading needs then. */
  readonly all: readonly string[];
}

/** Needed to read IPVS through netlink. */
export const NET_ADMIN: NeededCapability = {
  name: "CAP_NET_ADMIN",
  bit: 12n,
  where: "the initial user namespace",
  all: ["CAP_NET_ADMIN"],
};

/** Needed to enter another network namespace. */
export const SYS_ADMIN: NeededCapability = {
  name: "CAP_SYS_ADMIN",
  bit: 21n,
  where: "the user namespace that owns the network namespace",
  all: ["CAP_NET_ADMIN", "CAP_SYS_ADMIN"],
};

/** Needed to open the network namespace of a process of another user. */
export const SYS_PTRACE: NeededCapability = {
  name: "CAP_SYS_PTRACE",
  bit: 19n,
  where: "the user namespace of the process",
  all: ["CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"],
};

/** The kernel's PROC_USER_INIT_INO. */
const INITIAL_USER_NAMESPACE = "user:[4026531837]";

/** The state of a capability, from /proc. */
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
  /** Whether that is the initial one, the only one that counts for netlink; undefined if unknown. */
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
export function readCapability(
  files: Files,
  { bit }: NeededCapability = NET_ADMIN,
): Capability | undefined {
  const status = readText(files, `${THREAD}/status`);
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\w+)$`, "m").exec(status ?? "")?.[1];
  const has = (name: string) => (BigInt(`0x${field(name) ?? 0}`) >> bit & 1n) === 1n;
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
export function explainRefusal(
  files: Files,
  needed: NeededCapability = NET_ADMIN,
): MissingCapability {
  const capability = readCapability(files, needed);
  if (capability === undefined) {
    return {
      finding: `${needed.name} in ${needed.where} is required (${THREAD}/status is not readable)`,
      fix: ["sudo ipvstat"],
    };
  }
  return findMissing(capability, needed, readTarget(files, `${THREAD}/exe`)) ?? {
    finding: `${needed.name} is effective, but something else denies access, ` +
      "such as SELinux, AppArmor or a seccomp filter",
    fix: ["sudo journalctl --dmesg --grep=denied"],
  };
}

/** What is missing; undefined if nothing is. `program` is the running executable. */
function findMissing(
  capability: Capability,
  { name, where, all }: NeededCapability,
  program: string | undefined,
): MissingCapability | undefined {
  if (capability.isInitial === false) {
    return {
      finding: `${name} counts only in ${where}, and this is ` +
        (capability.userNamespace ?? "another one"),
      fix: [`run ipvstat outside this user namespace, as root or with ${all.join(" and ")}`],
    };
  }
  if (capability.effective) return undefined;
  const setcap = setcapCommand(program, all);
  if (capability.permitted) {
    return { finding: `${name} is permitted but not effective`, fix: [setcap ?? "sudo ipvstat"] };
  }
  if (!capability.bounding) {
    return {
      finding: `${name} is not in the bounding set, so not even root can have it`,
      fix: [
        `start the container with ${all.map((each) => `--cap-add ${each.slice(4)}`).join(" ")}`,
        `set CapabilityBoundingSet=${all.join(" ")} in the systemd unit`,
      ],
    };
  }
  const unit = `set AmbientCapabilities=${all.join(" ")} in the systemd unit`;
  if (capability.noNewPrivileges) {
    return {
      finding: `${name} is missing, and no_new_privs prevents sudo and setcap from granting it`,
      fix: [unit],
    };
  }
  return {
    finding: `${name} is neither effective nor permitted`,
    fix: ["sudo ipvstat", ...(setcap === undefined ? [] : [setcap]), unit],
  };
}

/** The command that grants them to the executable; none for interpreters, such as deno. */
function setcapCommand(
  program: string | undefined,
  all: readonly string[],
): string | undefined {
  if (program === undefined || /\/(deno|node)[^/]*$/.test(program)) return undefined;
  const quoted = /^[\w./+-]+$/.test(program) ? program : `'${program.replaceAll("'", `'\\''`)}'`;
  return `sudo setcap ${all.join(",").toLowerCase()}+ep ${quoted}`;
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
