import assert from "node:assert/strict";
import { explainRefusal, readCapability } from "../../lib/doctor/capability.ts";
import type { Kernel } from "../_fixtures.ts";
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
const UNIT = "AmbientCapabilities=CAP_NET_ADMIN in the systemd unit";
const SETCAP = "sudo setcap cap_net_admin+ep /usr/bin/ipvstat";

/** The kernel permits to look the family up, and nothing else. */
const REFUSED: Partial<Kernel> = {
  onRequest: ({ type }) => (type === 28 ? { errno: EPERM } : undefined),
};

function statusIs(...sets: readonly string[]): Setting {
  return { changes: { [STATUS]: status(...sets) }, kernel: REFUSED };
}

Deno.test("readCapability() reads the bit of CAP_NET_ADMIN alone, of each set", () => {
  const sets = { Eff: "effective", Prm: "permitted", Bnd: "bounding", Amb: "ambient" } as const;
  for (const [set, name] of Object.entries(sets)) {
    const capability = readCapability(fakeMachine(statusIs(set)));
    for (const other of Object.values(sets)) {
      assert.equal(capability?.[other], other === name, `${set}: ${other}`);
    }
  }
});

Deno.test("readCapability() takes a set that an old kernel does not tell for empty", () => {
  const text = status("Eff", "Amb").replace(/^CapAmb.*\n/m, "").replace(/^NoNewPrivs.*\n/m, "");
  const capability = readCapability(fakeMachine({ changes: { [STATUS]: text } }));
  assert.deepEqual(
    [capability?.effective, capability?.ambient, capability?.noNewPrivileges],
    [true, false, false],
  );
});

Deno.test("readCapability() gives undefined where /proc does not tell", () => {
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
  Deno.test(`readCapability() tells by the map of users where there is no link: ${map?.trim()}`, () => {
    const changes = { ...without(USER), "/proc/thread-self/uid_map": map };
    assert.equal(readCapability(fakeMachine({ changes }))?.isInitial, isInitial);
  });
}

Deno.test("the capability is well where it is effective in the initial user namespace", async () => {
  assert.deepEqual(await found("capability"), {
    id: "capability",
    status: "ok",
    finding: "CAP_NET_ADMIN is effective, in the initial user namespace",
  });
});

Deno.test("the capability is well without /proc, if the kernel permits to read", async () => {
  const { status, finding } = await found("capability", { changes: without(STATUS) });
  assert.deepEqual([status, finding], ["ok", "the kernel permits to read IPVS"]);
});

const LACKS: readonly [name: string, setting: Setting, finding: string, mend: string[]][] = [
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
    "CAP_NET_ADMIN is not in the bounding set, so nobody can have it here, not even root",
    [
      "start the container with --cap-add NET_ADMIN",
      "CapabilityBoundingSet=CAP_NET_ADMIN in the systemd unit",
    ],
  ],
  [
    "kept away by no_new_privs",
    statusIs("Bnd", "NoNewPrivs"),
    "CAP_NET_ADMIN is missing, and no_new_privs keeps sudo and setcap from giving it",
    [UNIT],
  ],
  [
    "that of another user namespace",
    { changes: { [USER]: "user:[4026532201]" }, kernel: REFUSED },
    "CAP_NET_ADMIN counts only in the initial user namespace, and this is user:[4026532201]",
    ["run it outside of this user namespace, as root or with CAP_NET_ADMIN"],
  ],
  [
    "that of a user namespace without a name",
    {
      changes: { ...without(USER), "/proc/thread-self/uid_map": "0 1000 1\n" },
      kernel: REFUSED,
    },
    "CAP_NET_ADMIN counts only in the initial user namespace, and this is another one",
    ["run it outside of this user namespace, as root or with CAP_NET_ADMIN"],
  ],
  [
    "effective, and something else forbids it",
    { kernel: REFUSED },
    "CAP_NET_ADMIN is effective, so something else forbids it, " +
    "such as SELinux, AppArmor or a seccomp filter",
    ["sudo journalctl --dmesg --grep=denied"],
  ],
  [
    "not to be told, without /proc",
    { changes: without(STATUS), kernel: REFUSED },
    "it takes CAP_NET_ADMIN in the initial user namespace, and /proc does not tell more",
    ["sudo ipvstat"],
  ],
];
for (const [name, setting, finding, mend] of LACKS) {
  Deno.test(`the capability is ${name}: doctor and the refusal say so, with what mends it`, async () => {
    const expected = { id: "capability", status: "failed", finding, mend };
    assert.deepEqual(await found("capability", setting), expected);
    assert.deepEqual(explainRefusal(fakeMachine(setting)), { finding, mend });
  });
}

const PROGRAMS: readonly [program: string, command: string | undefined][] = [
  ["/root/.deno/bin/deno", undefined],
  ["/usr/bin/node", undefined],
  ["/opt/an appliance/ip'vstat", `sudo setcap cap_net_admin+ep '/opt/an appliance/ip'\\''vstat'`],
];
for (const [program, command] of PROGRAMS) {
  Deno.test(`setcap is ${command === undefined ? "not " : ""}advised for ${program}`, () => {
    const changes = { [STATUS]: status("Bnd"), "/proc/thread-self/exe": program };
    const { mend } = explainRefusal(fakeMachine({ changes }));
    assert.deepEqual(mend, ["sudo ipvstat", command, UNIT].filter((each) => each !== undefined));
  });
}

Deno.test("a capability that is missing is told before ip_vs is there", async () => {
  const setting = { ...statusIs("Bnd"), refusal: refusal(2, "CTRL_CMD_GETFAMILY") };
  assert.equal((await found("capability", setting)).status, "failed");
  const unknown = { changes: without(STATUS), refusal: refusal(2, "CTRL_CMD_GETFAMILY") };
  assert.equal((await found("capability", unknown)).status, "unknown");
});

Deno.test("a missing capability leaves the other checks as they are", async () => {
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
  ]);
});

Deno.test("a refused system call is a refusal, too", async () => {
  const setting = { refusal: refusal(EACCES, "socket") };
  assert.match((await found("capability", setting)).finding, /something else forbids it/);
});
