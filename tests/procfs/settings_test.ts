import assert from "node:assert/strict";
import { readSettings, type Settings } from "../../lib/procfs/settings.ts";
import { SETTINGS_FILES } from "./_status.ts";

const DIRECTORY = "sys/net/ipv4/vs";

function read(files: Readonly<Record<string, string>>): Settings | null {
  return readSettings((path) => files[path]);
}

Deno.test("readSettings() reads every setting of Linux 7.2", () => {
  assert.deepEqual(read(SETTINGS_FILES), {
    runEstimation: 1,
    estCpulist: "0-3,8",
    estNice: -7,
    connMax: 1_073_741_824,
    connLfactor: -4,
    svcLfactor: 3,
    connReuseMode: 1,
    conntrack: 0,
    expireNodestConn: 1,
    expireQuiescentTemplate: 2,
    sloppyTcp: 3,
    syncThreshold: 4,
    syncPeriod: 51,
    syncRefreshPeriod: 6,
    syncPorts: 7,
    syncPersistMode: 8,
  });
});

Deno.test("readSettings() returns null for settings that an older kernel does not have", () => {
  const none = {
    ...{ connMax: null, connLfactor: null, svcLfactor: null, connReuseMode: null, conntrack: null },
    ...{ expireNodestConn: null, expireQuiescentTemplate: null, sloppyTcp: null },
    ...{ syncThreshold: null, syncPeriod: null, syncRefreshPeriod: null, syncPorts: null },
    syncPersistMode: null,
  };
  assert.deepEqual(read({ [`${DIRECTORY}/run_estimation`]: "0\n" }), {
    runEstimation: 0,
    estCpulist: null,
    estNice: null,
    ...none,
  });
});

Deno.test("readSettings() returns null if no setting can be read", () => {
  assert.equal(read({}), null);
});

Deno.test("readSettings() distinguishes an empty list of CPUs from a missing setting", () => {
  assert.equal(read({ [`${DIRECTORY}/est_cpulist`]: "\n" })?.estCpulist, "");
});

Deno.test("readSettings() reports a setting that is not an integer of at most 32 bits", () => {
  for (const value of ["", "1.5", "0x10", "1 2", "12345678901", "4294967296", "-2147483649"]) {
    assert.throws(() => read({ ...SETTINGS_FILES, [`${DIRECTORY}/conn_max`]: `${value}\n` }), {
      name: "DecodeError",
      message: `Cannot parse sys/net/ipv4/vs/conn_max: "${value}" is not an integer of 32 bits`,
    });
  }
});

Deno.test("readSettings() reports a sync_threshold that is not two integers", () => {
  const readThreshold = (text: string) =>
    read({ ...SETTINGS_FILES, [`${DIRECTORY}/sync_threshold`]: text });
  for (const text of ["3\n", "3\t50\t1\n"]) {
    const count = text.split("\t").length;
    assert.throws(() => readThreshold(text), {
      name: "DecodeError",
      message: `Cannot parse sys/net/ipv4/vs/sync_threshold: it has ${count} numbers, not 2`,
    });
  }
  assert.throws(() => readThreshold("3\tx\n"), { message: /"x" is not an integer of 32 bits$/ });
});

Deno.test("readSettings() accepts any integer of at most 32 bits", () => {
  for (const value of [-(2 ** 31), -1, 9, 2 ** 32 - 1]) {
    const files = { [`${DIRECTORY}/conn_lfactor`]: `${value}\n` };
    assert.equal(read(files)?.connLfactor, value);
  }
});
