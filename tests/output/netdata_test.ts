/** Tests netdata's protocol: the charts of all traffic, and how counters reach netdata. */
import assert from "node:assert/strict";
import { fakeKernel, type FakeSource, type FakeStats } from "../_fake_kernel.ts";
import { EDGES, edgeStats } from "../_hard_cases.ts";
import { NetdataStream } from "./_netdata_stream.ts";
import type { PluginReading } from "./_plugins_d.ts";

const SECOND = 1_000_000_000n;

/** A stream of the totals. */
function streamOf(source: FakeSource, updateEvery = 1): NetdataStream {
  return new NetdataStream(source, { updateEvery });
}

/** The values of all charts as unsigned 64-bit integers, by chart and dimension. */
function unsigned(readings: readonly PluginReading[]): Record<string, bigint> {
  return Object.fromEntries(
    readings.flatMap(({ chart, values }) =>
      [...values].map(([id, value]) => [`${chart} ${id}`, BigInt.asUintN(64, value)])
    ),
  );
}

function allOf({ connections, pktsIn, pktsOut, bytesIn, bytesOut }: FakeStats) {
  return {
    "ipvs.sockets connections": BigInt(connections ?? 0),
    "ipvs.packets received": BigInt(pktsIn ?? 0),
    "ipvs.packets sent": BigInt(pktsOut ?? 0),
    "ipvs.net received": BigInt(bytesIn ?? 0),
    "ipvs.net sent": BigInt(bytesOut ?? 0),
  };
}

Deno.test("netdataEncoder() prints these lines for the first two snapshots", () => {
  const stream = streamOf(fakeKernel(), 3);
  stream.set({ connections: 5, pktsIn: 40, pktsOut: 30, bytesIn: 2000, bytesOut: 90000 });
  const values = (duration: string, sockets: number) =>
    `BEGIN ipvs.sockets${duration}\nSET connections = ${sockets}\nEND\n` +
    `BEGIN ipvs.packets${duration}\nSET received = 40\nSET sent = 30\nEND\n` +
    `BEGIN ipvs.net${duration}\nSET received = 2000\nSET sent = 90000\nEND\n`;
  assert.equal(
    stream.text(),
    "CHART ipvs.sockets '' 'IPVS New Connections' 'connections/s' 'ipvs' ipvs.sockets line 3101 3" +
      " '' '' ipvstat\nDIMENSION connections '' incremental 1 1\n" +
      "CHART ipvs.packets '' 'IPVS Packets' 'packets/s' 'ipvs' ipvs.packets line 3102 3" +
      " '' '' ipvstat\nDIMENSION received '' incremental 1 1\nDIMENSION sent '' incremental -1 1\n" +
      "CHART ipvs.net '' 'IPVS Bandwidth' 'kilobits/s' 'ipvs' ipvs.net area 3100 3" +
      " '' '' ipvstat\nDIMENSION received '' incremental 8 1000\n" +
      "DIMENSION sent '' incremental -8 1000\n" + values("", 5),
  );
  stream.set({ connections: 6, pktsIn: 40, pktsOut: 30, bytesIn: 2000, bytesOut: 90000 });
  stream.source.kernel.time += 3n * SECOND;
  assert.equal(stream.text(), values(" 3000000", 6));
});

Deno.test("netdataEncoder() gives the exact time between snapshots, in microseconds", () => {
  const stream = streamOf(fakeKernel());
  stream.set({});
  const steps = [1_000_000_999n, 999_999_001n, 1_000_000_500n, 7n * SECOND, 1_000_000_500n];
  const start = stream.source.kernel.time / 1000n;
  stream.read();
  let sum = 0n;
  for (const step of steps) {
    stream.source.kernel.time += step;
    const durations = new Set(stream.read().map(({ microseconds }) => microseconds));
    assert.equal(durations.size, 1);
    sum += BigInt([...durations][0]!);
    assert.equal(sum, stream.source.kernel.time / 1000n - start);
  }
});

Deno.test("netdataEncoder() leaves the time to netdata if the clock is set back", () => {
  const stream = streamOf(fakeKernel());
  stream.set({});
  stream.read();
  stream.source.kernel.time -= 60n * SECOND;
  assert.deepEqual(stream.read().map(({ microseconds }) => microseconds), [
    ...[undefined, undefined, undefined],
  ]);
  stream.source.kernel.time += SECOND;
  assert.deepEqual(stream.read().map(({ microseconds }) => microseconds), [1e6, 1e6, 1e6]);
});

Deno.test("netdataEncoder() prefers the live counters of the CPUs, added up, to the totals", () => {
  const stream = streamOf(fakeKernel());
  const cpus = [
    { connections: 1, pktsIn: 20, pktsOut: 300, bytesIn: 4000, bytesOut: 50000 },
    { connections: 2n ** 53n, pktsIn: 2n ** 63n, pktsOut: 1, bytesIn: 1, bytesOut: 1 },
  ];
  stream.set({ connections: 1, bytesOut: 7 }, cpus);
  assert.deepEqual(
    unsigned(stream.read()),
    allOf({
      connections: 2n ** 53n + 1n,
      pktsIn: 2n ** 63n + 20n,
      pktsOut: 301,
      bytesIn: 4001,
      bytesOut: 50001,
    }),
  );
});

Deno.test("netdataEncoder() gives 64-bit counters to netdata as signed integers, bit for bit", () => {
  for (const first of EDGES.keys()) {
    const stream = streamOf(fakeKernel());
    const stats = edgeStats(first);
    stream.set(stats);
    assert.deepEqual(unsigned(stream.read()), allOf(stats));
  }
});

Deno.test("netdataEncoder() has no charts without counters, and a gap while they are missing", () => {
  const stream = streamOf(fakeKernel());
  assert.equal(stream.text(), "");
  stream.set({ connections: 4 });
  assert.equal(stream.read().length, 3);
  stream.source.kernel.proc = {};
  stream.source.kernel.time += SECOND;
  assert.equal(stream.text(), "");
  stream.set({ connections: 9 });
  stream.source.kernel.time += SECOND;
  const [sockets] = stream.read();
  assert.equal(sockets?.values.get("connections"), 9n);
  assert.equal(sockets?.microseconds, 2e6);
});

/** What netdata shows of `connections` for each snapshot; a missing value is a gap. */
function changes(stream: NetdataStream, steps: readonly (() => void)[]): (bigint | "gap")[] {
  let last: bigint | undefined;
  return steps.flatMap((step): (bigint | "gap")[] => {
    step();
    stream.source.kernel.time += SECOND;
    const value = unsigned(stream.read())["ipvs.sockets connections"];
    if (value === undefined) return ["gap"];
    const change = last === undefined ? [] : [value - last];
    last = value;
    return change;
  });
}

Deno.test("a counter that goes back is a gap of one reading, and never a change of the rate", () => {
  const stream = streamOf(fakeKernel());
  // netdata would take the fall from 4200000000 to 10 for an overflow of 32 bits.
  const values = [4_100_000_000, 4_200_000_000, 10, 30, 60, 0, 0, 5];
  const steps = values.map((connections) => () => stream.set({ connections }));
  assert.deepEqual(changes(stream, steps), [100_000_000n, "gap", 20n, 30n, "gap", 0n, 5n]);
});

Deno.test("a change between the counters of the CPUs and the totals is a gap of one reading", () => {
  const stream = streamOf(fakeKernel());
  assert.deepEqual(
    changes(stream, [
      () => stream.set({ connections: 7 }),
      () => stream.set({ connections: 8 }),
      () => stream.set({ connections: 9 }, [{ connections: 5000 }]),
      () => stream.set({ connections: 9 }, [{ connections: 5001 }]),
      () => stream.set({ connections: 20 }),
      () => stream.set({ connections: 22 }),
    ]),
    [1n, "gap", 1n, "gap", 2n],
  );
});
