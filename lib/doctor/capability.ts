/**
 * CAP_NET_ADMIN: whether this thread has it where it counts, and what is missing otherwise.
 *
 * @module
 */
import type { Check } from "./check.ts";
import { type Files, readTarget, readText, THREAD } from "./machine.ts";

/** The bit of CAP_NET_ADMIN. */
const CAP_NET_ADMIN = 12n;

/** The kernel's PROC_USER_INIT_INO. */
const INITIAL_USER_NAMESPACE = "user:[4026531837]";

/** What /proc tells of CAP_NET_ADMIN. */
export interface Capability {
  /** Whether it counts now. */
  readonly effective: boolean;
  /** Whether it may be made effective. */
  readonly permitted: boolean;
  /** Whether it may be had at all. */
  readonly bounding: boolean;
  /** Whether it outlives the start of a program that has no file capability. */
  readonly ambient: boolean;
  /** Whether no_new_privs keeps sudo and file capabilities from giving it. */
  readonly noNewPrivileges: boolean;
  /** Name of the user namespace; undefined where it cannot be told. */
  readonly userNamespace: string | undefined;
  /** Whether that is the initial one, the only one in which it counts for IPVS. */
  readonly isInitial: boolean | undefined;
}

/** What is missing, in one line, and what mends it. */
export interface Lack {
  /** What is missing. */
  readonly finding: string;
  /** What mends it; each is enough. */
  readonly mend: readonly [string, ...string[]];
}

/** Reads it of the calling thread; undefined where /proc does not tell. */
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
      ? hasWholeMap(files)
      : userNamespace === INITIAL_USER_NAMESPACE,
  };
}

/** Whether all users are themselves: so they are in the initial namespace, and hardly in others. */
function hasWholeMap(files: Files): boolean | undefined {
  const map = readText(files, `${THREAD}/uid_map`);
  return map === undefined ? undefined : /^0\s+0\s+4294967295$/.test(map);
}

/** Says why the kernel refused: exactly what is missing, and what mends it. */
export function explainRefusal(files: Files): Lack {
  const capability = readCapability(files);
  if (capability === undefined) {
    return {
      finding: "it takes CAP_NET_ADMIN in the initial user namespace, and /proc does not tell more",
      mend: ["sudo ipvstat"],
    };
  }
  return findLack(capability, readTarget(files, `${THREAD}/exe`)) ?? {
    finding: "CAP_NET_ADMIN is effective, so something else forbids it, " +
      "such as SELinux, AppArmor or a seccomp filter",
    mend: ["sudo journalctl --dmesg --grep=denied"],
  };
}

/** What is missing; undefined where all is there. `program` is the file that runs. */
function findLack(capability: Capability, program: string | undefined): Lack | undefined {
  if (capability.isInitial === false) {
    return {
      finding: "CAP_NET_ADMIN counts only in the initial user namespace, and this is " +
        (capability.userNamespace ?? "another one"),
      mend: ["run it outside of this user namespace, as root or with CAP_NET_ADMIN"],
    };
  }
  if (capability.effective) return undefined;
  const give = setcapCommand(program);
  if (capability.permitted) {
    return {
      finding: "CAP_NET_ADMIN is permitted but not effective",
      mend: [give ?? "sudo ipvstat"],
    };
  }
  if (!capability.bounding) {
    return {
      finding:
        "CAP_NET_ADMIN is not in the bounding set, so nobody can have it here, not even root",
      mend: [
        "start the container with --cap-add NET_ADMIN",
        "CapabilityBoundingSet=CAP_NET_ADMIN in the systemd unit",
      ],
    };
  }
  const unit = "AmbientCapabilities=CAP_NET_ADMIN in the systemd unit";
  if (capability.noNewPrivileges) {
    return {
      finding: "CAP_NET_ADMIN is missing, and no_new_privs keeps sudo and setcap from giving it",
      mend: [unit],
    };
  }
  return {
    finding: "CAP_NET_ADMIN is neither effective nor permitted",
    mend: ["sudo ipvstat", ...(give === undefined ? [] : [give]), unit],
  };
}

/** The command that gives it to the program; none for what runs any program, such as deno. */
function setcapCommand(program: string | undefined): string | undefined {
  if (program === undefined || /\/(deno|node)[^/]*$/.test(program)) return undefined;
  const quoted = /^[\w./+-]+$/.test(program) ? program : `'${program.replaceAll("'", `'\\''`)}'`;
  return `sudo setcap cap_net_admin+ep ${quoted}`;
}

/** Checks the capability; `refused`: the kernel did not permit to read IPVS. */
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
      : "the kernel permits to read IPVS";
    return { id, status: "ok", finding, values };
  }
  const lack = explainRefusal(files);
  const status = refused || capability !== undefined ? "failed" : "unknown";
  return { id, status, ...lack, values };
}
