import assert from "node:assert/strict";
import fc from "fast-check";
import { DecodeError } from "../../lib/netlink/errors.ts";
import { type KernelStatus, parseStatus } from "../../lib/procfs/ip_vs_status.ts";
import { statusText } from "./_status.ts";

const DEMO = statusText("demo");

Deno.test("parseStatus() reads the tables and the estimator of a director with traffic", () => {
  const expected: KernelStatus = {
    connections: 982,
    connectionTable: {
      buckets: 4096,
      loadFactor: -4,
      bucketsByLength: [2569, 1176, 301, 41, 8, 1, 0, 0],
    },
    virtualServers: 11,
    serviceTable: {
      buckets: 128,
      loadFactor: -3,
      bucketsByLength: [119, 7, 2, 0, 0, 0, 0, 0],
    },
    estimator: {
      threadSlots: 1,
      threadSlotsLimit: 4,
      chainLengthLimit: 3958,
      threadCapacity: 9_499_200,
    },
  };
  assert.deepEqual(parseStatus(DEMO), expected);
});

Deno.test("parseStatus() reads lengths that add up to all buckets and all virtual servers", () => {
  const { connectionTable, serviceTable, virtualServers } = parseStatus(DEMO);
  for (const { buckets, bucketsByLength } of [connectionTable, serviceTable]) {
    assert.equal(bucketsByLength!.reduce((sum, count) => sum + count), buckets);
  }
  const entries = serviceTable.bucketsByLength!.map((count, length) => count * length);
  assert.equal(entries.reduce((sum, count) => sum + count), virtualServers);
});

Deno.test("parseStatus() reads positive load factors, and lengths of 7 or more", () => {
  const { connectionTable, serviceTable } = parseStatus(statusText("long_chains"));
  assert.deepEqual(connectionTable, {
    buckets: 256,
    loadFactor: 2,
    bucketsByLength: [0, 0, 9, 8, 17, 25, 34, 163],
  });
  assert.deepEqual(serviceTable, {
    buckets: 16,
    loadFactor: 3,
    bucketsByLength: [8, 6, 1, 1, 0, 0, 0, 0],
  });
});

Deno.test("parseStatus() returns null for values that the kernel has not determined yet", () => {
  const none = { buckets: 0, loadFactor: null, bucketsByLength: null };
  assert.deepEqual(parseStatus(statusText("fresh")), {
    connections: 0,
    connectionTable: none,
    virtualServers: 0,
    serviceTable: none,
    estimator: {
      threadSlots: 1,
      threadSlotsLimit: null,
      chainLengthLimit: null,
      threadCapacity: null,
    },
  });
  const first = parseStatus(statusText("first_service"));
  assert.deepEqual(first.estimator, {
    threadSlots: 1,
    threadSlotsLimit: 4,
    chainLengthLimit: null,
    threadCapacity: null,
  });
  // The kernel reports no lengths for an empty table.
  assert.deepEqual(first.connectionTable, { buckets: 256, loadFactor: -4, bucketsByLength: null });
});

Deno.test("parseStatus() reads an estimator without CPUs, and one of several threads", () => {
  assert.equal(parseStatus(statusText("no_cpus")).estimator.threadSlotsLimit, 1);
  const several = DEMO.replace("\t1 (max 4)", "\t12 (max 256)");
  const { threadSlots, threadSlotsLimit } = parseStatus(several).estimator;
  assert.deepEqual([threadSlots, threadSlotsLimit], [12, 256]);
});

Deno.test("parseStatus() returns null for lengths that the kernel does not report", () => {
  const text = DEMO.replace(/^Conn buckets (empty|len-\d).*\n/gm, "");
  const { connections, connectionTable } = parseStatus(text);
  assert.equal(connections, 982);
  assert.deepEqual(connectionTable, { buckets: 4096, loadFactor: -4, bucketsByLength: null });
});

Deno.test("parseStatus() skips unknown lines", () => {
  const newer = DEMO.replace("Services:", "Conns hashed twice:\t7 of 9\nServices:") + "More:\t1\n";
  assert.deepEqual(parseStatus(newer), parseStatus(DEMO));
});

const REQUIRED = [
  ...["Conns", "Conn buckets", "Services", "Service buckets"],
  ...["Stats thread slots", "Stats chain max len", "Stats thread ests"],
];
for (const name of REQUIRED) {
  Deno.test(`parseStatus() reports the line "${name}" if it is missing, occurs twice or is malformed`, () => {
    const line = new RegExp(`^${name}:\t(.*)\n`, "m");
    const [, value = ""] = line.exec(DEMO)!;
    assert.throws(() => parseStatus(DEMO.replace(line, "")), {
      name: "DecodeError",
      message: `Cannot parse ip_vs_status: the line "${name}" is missing`,
    });
    for (const wrong of [`${value}0x`, "", `-${value}`, value.replace(/^\d+/, "1.5")]) {
      assert.throws(() => parseStatus(DEMO.replace(line, () => `${name}:\t${wrong}\n`)), {
        name: "DecodeError",
        message: `Cannot parse ip_vs_status: "${name}" has the unknown value "${wrong}"`,
      });
    }
    assert.throws(() => parseStatus(`${DEMO}${name}:\t${value}\n`), {
      name: "DecodeError",
      message: `Cannot parse ip_vs_status line 17: "${name}" occurs twice`,
    });
  });
}

Deno.test("parseStatus() reports the line of a malformed length", () => {
  assert.throws(() => parseStatus(DEMO.replace("len-2:\t301 (19%)", "len-2:\t301")), {
    name: "DecodeError",
    message: 'Cannot parse ip_vs_status: "Conn buckets len-2" has the unknown value "301"',
  });
});

Deno.test("parseStatus() rejects a number that exceeds 32 bits", () => {
  assert.equal(
    parseStatus(DEMO.replace(/^Conns:\t\d+/m, "Conns:\t4294967295")).connections,
    2 ** 32 - 1,
  );
  assert.throws(() => parseStatus(DEMO.replace(/^Conns:\t\d+/m, "Conns:\t4294967296")), {
    name: "DecodeError",
    message: 'Cannot parse ip_vs_status: "Conns" exceeds 32 bits: "4294967296"',
  });
});

Deno.test("parseStatus() rejects lines without a name, and an empty file", () => {
  const message = (line: number) =>
    `Cannot parse ip_vs_status line ${line}: a name, a colon and a tab are expected`;
  assert.throws(() => parseStatus(""), { message: message(1) });
  assert.throws(() => parseStatus(`${DEMO}\n`), { message: message(17) });
  assert.throws(() => parseStatus(DEMO.replace("Services:\t", "Services: ")), {
    message: message(9),
  });
});

Deno.test("parseStatus() throws only DecodeError for any text", () => {
  const edit = fc.tuple(fc.nat(DEMO.length), fc.string({ maxLength: 3 }));
  const altered = fc.array(edit, { maxLength: 4 }).map((edits) =>
    edits.reduce((all, [at, text]) => all.slice(0, at) + text + all.slice(at + 1), DEMO)
  );
  fc.assert(fc.property(fc.oneof(altered, fc.string()), (text) => {
    try {
      parseStatus(text);
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error));
      assert.ok(!error.message.includes("\n"), error.message);
    }
  }));
});
