import assert from "node:assert/strict";
import { explainRefusal, readCapability } from "../../lib/doctor/capability.ts";
import type { Kernel } from "../_fake_kernel.ts";
import {
  EACCES,
  fakeMachine,
  found,
  refusal,
  report,
  type Setting,
  STATUS,
  status,
  USER,
  without,
} from "./_machine.ts";

const EPERM = 1;
const UNIT = "set AmbientCapabilities=CAP_NET_ADMIN in the systemd unit";
const SETCAP = "sudo setcap cap_net_admin+ep /usr/bin/ipvstat";

/** The kernel permits the lookup of the family, and nothing else. */
const REFUSED: Partial<Kernel> = {
  onRequest: ({ type }) => (type === 28 ? { errno: EPERM } : undefined),
};

function statusIs(...sets: readonly string[]): Setting {
  return { changes: { [STATUS]: status(...sets) }, kernel: REFUSED };
}

Deno.test("readCapability() reads only the bit of CAP_NET_ADMIN, in each set", () => {
  const sets = { Eff: "effective", Prm: "permitted", Bnd: "bounding", Amb: "ambient" } as const;
  for (const [set, name] of Object.entries(sets)) {
    const capability = readCapability(fakeMachine(statusIs(set)));
    for (const other of Object.values(sets)) {
      assert.equal(capability?.[other], other === name, `${set}: ${other}`);
    }
  }
});

Deno.test("readCapability() treats sets that an old kernel does not report as empty", () => {
  const text = status("Eff", "Amb").replace(/^CapAmb.*\n/m, "").replace(/^NoNewPrivs.*\n/m, "");
  const capability = readCapability(fakeMachine({ changes: { [STATUS]: text } }));
  assert.deepEqual(
    [capability?.effective, capability?.ambient, capability?.noNewPrivileges],
    [true, false, false],
  );
});

Deno.test("readCapability() returns undefined if /proc is not readable", () => {
  assert.equal(readCapability(fakeMachine({ changes: without(STATUS) })), undefined);
  assert.equal(readCapability(fakeMachine({ changes: { [STATUS]: "Name:\tx\n" } })), undefined);
});

const MAPS: readonly [map: string | undefined, isInitial: boolean | undefined][] = [
  ["         0          0 4294967295\n", true],
  ["         0       1000          1\n", false],
  ["         0     100000      65536\n", false],
  [undefined, undefined],
];
for (const [map, isInitial] of MAPS) {
  Deno.test(`readCapability() uses the user ID map if the link is not readable: ${map?.trim()}`, () => {
    const changes = { ...without(USER), "/proc/thread-self/uid_map": map };
    assert.equal(readCapability(fakeMachine({ changes }))?.isInitial, isInitial);
  });
}

Deno.test("the capability is ok if it is effective in the initial user namespace", async () => {
  assert.deepEqual(await found("capability"), {
    id: "capability",
    status: "ok",
    finding: "CAP_NET_ADMIN is effective, in the initial user namespace",
  });
});

Deno.test("the capability is ok without /proc if the kernel permits reading", async () => {
  const { status, finding } = await found("capability", { changes: without(STATUS) });
  assert.deepEqual([status, finding], ["ok", "the kernel permits reading IPVS"]);
});

const MISSING: readonly [name: string, setting: Setting, finding: string, fix: string[]][] = [
  [
    "neither effective nor permitted",
    statusIs("Bnd"),
    "CAP_NET_ADMIN is neither effective nor permitted",
    ["sudo ipvstat", SETCAP, UNIT],
  ],
  [
    "permitted but not effective",
    statusIs("Prm", "Bnd"),
    "CAP_NET_ADMIN is permitted but not effective",
    [SETCAP],
  ],
  [
    "not in the bounding set",
    statusIs(),
    "CAP_NET_ADMIN is not in the bounding set, so not even root can have it",
    [
      "start the container with --cap-add NET_ADMIN",
      "set CapabilityBoundingSet=CAP_NET_ADMIN in the systemd unit",
    ],
  ],
  [
    "withheld by no_new_privs",
    statusIs("Bnd", "NoNewPrivs"),
    "CAP_NET_ADMIN is missing, and no_new_privs prevents sudo and setcap from granting it",
    [UNIT],
  ],
  [
    "that of another user namespace",
    { changes: { [USER]: "user:[4026532201]" }, kernel: REFUSED },
    "CAP_NET_ADMIN counts only in the initial user namespace, and this is user:[4026532201]",
    ["run ipvstat outside this user namespace, as root or with CAP_NET_ADMIN"],
  ],
  [
    "that of a user namespace without a name",
    {
      changes: { ...without(USER), "/proc/thread-self/uid_map": "0 1000 1\n" },
      kernel: REFUSED,
    },
    "CAP_NET_ADMIN counts only in the initial user namespace, and this is another one",
    ["run ipvstat outside this user namespace, as root or with CAP_NET_ADMIN"],
  ],
  [
    "effective, but something else denies access",
    { kernel: REFUSED },
    "CAP_NET_ADMIN is effective, but something else denies access, " +
    "such as SELinux, AppArmor or a seccomp filter",
    ["sudo journalctl --dmesg --grep=denied"],
  ],
  [
    "unknown without /proc",
    { changes: without(STATUS), kernel: REFUSED },
    "CAP_NET_ADMIN in the initial user namespace is required " +
    "(/proc/thread-self/status is not readable)",
    ["sudo ipvstat"],
  ],
];
for (const [name, setting, finding, fix] of MISSING) {
  Deno.test(`the capability is ${name}: doctor and the error message say so and suggest a fix`, async () => {
    const expected = { id: "capability", status: "failed", finding, fix };
    assert.deepEqual(await found("capability", setting), expected);
    assert.deepEqual(explainRefusal(fakeMachine(setting)), { finding, fix });
  });
}

const PROGRAMS: readonly [program: string, command: string | undefined][] = [
  ["/root/.deno/bin/deno", undefined],
  ["/usr/bin/node", undefined],
  ["/opt/an appliance/ip'vstat", `sudo setcap cap_net_admin+ep '/opt/an appliance/ip'\\''vstat'`],
];
for (const [program, command] of PROGRAMS) {
  Deno.test(`setcap is ${command === undefined ? "not " : ""}suggested for ${program}`, () => {
    const changes = { [STATUS]: status("Bnd"), "/proc/thread-self/exe": program };
    const { fix } = explainRefusal(fakeMachine({ changes }));
    assert.deepEqual(fix, ["sudo ipvstat", command, UNIT].filter((each) => each !== undefined));
  });
}

Deno.test("a missing capability is reported before ip_vs is loaded", async () => {
  const setting = { ...statusIs("Bnd"), refusal: refusal(2, "CTRL_CMD_GETFAMILY") };
  assert.equal((await found("capability", setting)).status, "failed");
  const unknown = { changes: without(STATUS), refusal: refusal(2, "CTRL_CMD_GETFAMILY") };
  assert.equal((await found("capability", unknown)).status, "unknown");
});

Deno.test("a missing capability does not affect the other checks", async () => {
  const { exitCode, checks } = await report(statusIs("Bnd"));
  assert.equal(exitCode, 9);
  assert.deepEqual(checks.map(({ id, status }) => `${id} ${status}`), [
    "kernel ok",
    "module ok",
    "proc ok",
    "ipvs ok",
    "family ok",
    "capability failed",
    "namespace ok",
    "estimator ok",
    "counters unknown",
    "ipv6 unknown",
    "show failed",
    "tuning unknown",
  ]);
});

Deno.test("a system call without permission is a refusal", async () => {
  const setting = { refusal: refusal(EACCES, "socket") };
  assert.match((await found("capability", setting)).finding, /something else denies access/);
});
