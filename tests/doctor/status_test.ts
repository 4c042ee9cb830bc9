import assert from "node:assert/strict";
import { statusText } from "../procfs/_status.ts";
import { type Changes, EACCES, found, report, STATUS_FILE, VS } from "./_machine.ts";

/** The settings and the status of a Linux 7.2. */
function newKernel(limit: number | string = 1_073_741_824): Changes {
  return {
    [STATUS_FILE]: statusText("demo"),
    [`${VS}/conn_max`]: `${limit}\n`,
    [`${VS}/conn_lfactor`]: "-4\n",
    [`${VS}/svc_lfactor`]: "-3\n",
  };
}

async function ipvs(changes: Changes) {
  return await found("ipvs", { changes });
}

const TABLES = "in 4096 buckets, 11 virtual servers in 128 buckets";

Deno.test("IPVS's tables are reported with their buckets and their entries", async () => {
  assert.deepEqual(await ipvs(newKernel()), {
    id: "ipvs",
    status: "ok",
    finding: `version 1.2.1, 982 connections (at most 1073741824) ${TABLES}`,
  });
});

Deno.test("IPVS's tables are reported without a limit before Linux 7.2", async () => {
  const { finding } = await ipvs({ [STATUS_FILE]: statusText("demo") });
  assert.equal(finding, `version 1.2.1, 982 connections ${TABLES}`);
});

Deno.test("IPVS's tables are values, null if the kernel does not report them", async () => {
  const values = async (changes: Changes) =>
    (await report({ changes })).checks.find(({ id }) => id === "ipvs")?.values;
  const known = { version: "1.2.1", connection_table_size: 4096 };
  assert.deepEqual(await values(newKernel()), {
    ...known,
    conn_max: 1_073_741_824,
    conn_lfactor: -4,
    svc_lfactor: -3,
    connections: 982,
    connection_buckets: 4096,
    connection_buckets_empty: 2569,
    virtual_servers: 11,
    service_buckets: 128,
    service_buckets_empty: 119,
  });
  const none = Object.entries(await values({}) ?? {}).filter(([, value]) => value === null);
  assert.equal(none.length, 9);
  const fresh = await values({ [STATUS_FILE]: statusText("fresh") });
  assert.deepEqual([fresh?.connections, fresh?.connection_buckets], [0, 0]);
  assert.equal(fresh?.connection_buckets_empty, null);
});

for (const [limit, higher] of [[982, 1964], [1, 2], [0, 2 ** 30]] as const) {
  Deno.test(`982 connections reach a limit of ${limit}; ${higher} is suggested`, async () => {
    const { status, finding, fix } = await ipvs(newKernel(limit));
    assert.equal(status, "warning");
    assert.match(finding, /: the limit is reached, so new connections are dropped$/);
    assert.deepEqual(fix, [`sudo sysctl -w net.ipv4.vs.conn_max=${higher}`]);
  });
}

Deno.test("982 connections do not reach a limit of 983", async () => {
  assert.equal((await ipvs(newKernel(983))).status, "ok");
});

Deno.test("without a valid status, the version and the table size are reported", async () => {
  for (const text of [EACCES, "Conns: many\n"]) {
    const { finding } = await ipvs({ [STATUS_FILE]: text });
    assert.equal(finding, "version 1.2.1, connection table of size 4096");
  }
});
