import assert from "node:assert/strict";
import { KernelReadings, type Readings } from "../../lib/commands/readings.ts";
import { stream, type StreamOptions } from "../../lib/commands/stream.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import {
  mapSnapshots,
  type Snapshot,
  snapshotList,
  type Snapshots,
} from "../../lib/ipvs/snapshot.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import { fakeKernel, inconsistentKernel, type Kernel } from "../_fake_kernel.ts";
import { run } from "../_commands.ts";

const FAILURE = new NetlinkError({ request: "IPVS_CMD_GET_INFO", errno: 12 });

/** Readings that fail if `results` has an error, and end with it. */
function readingsOf(results: readonly (bigint | Error)[]): Readings & { taken: number } {
  return {
    taken: 0,
    get hasEnded() {
      return this.taken === results.length;
    },
    next() {
      const result = results[this.taken++]!;
      if (typeof result !== "bigint") return Promise.reject(result);
      return Promise.resolve(collect(fakeKernel({ time: result })));
    },
    [Symbol.dispose]() {},
  };
}

const ALWAYS = { next: () => Promise.resolve(true), [Symbol.dispose]() {} };

/** Streams the times of readings; returns them, the exit code and the errors reported. */
async function streamTimes(readings: Readings, options: Partial<StreamOptions> = {}) {
  let out = "";
  const reported: unknown[] = [];
  const doubts: number[] = [];
  const code = await stream((bytes) => void (out += new TextDecoder().decode(bytes)), {
    readings,
    trigger: ALWAYS,
    encode: (snapshots, sink) => {
      for (const { time } of snapshotList(snapshots)) sink(new TextEncoder().encode(`${time} `));
    },
    failFast: false,
    report: (error) => Promise.resolve(100 + reported.push(error)),
    verdict: (consistency) => void doubts.push(consistency.doubts.length),
    ...options,
  });
  return { out, code, reported, doubts };
}

Deno.test("stream() writes readings until they end", async () => {
  const result = await streamTimes(readingsOf([1n, 2n, 3n]));
  assert.deepEqual(result, { out: "1 2 3 ", code: 0, reported: [], doubts: [0, 0, 0] });
});

Deno.test("stream() ends after the given number of readings, including failed ones", async () => {
  const readings = readingsOf([1n, FAILURE, 3n, 4n]);
  const { out, code } = await streamTimes(readings, { count: 3 });
  assert.deepEqual([out, code, readings.taken], ["1 3 ", 0, 3]);
});

Deno.test("stream() does not wait for another reading after the last one", async () => {
  let waits = 0;
  const trigger = { ...ALWAYS, next: () => Promise.resolve(++waits < 10) };
  await streamTimes(readingsOf([1n, 2n]), { trigger });
  await streamTimes(readingsOf([1n, 2n, 3n]), { trigger, count: 2 });
  assert.equal(waits, 4);
});

Deno.test("stream() ends with the trigger", async () => {
  let waits = 0;
  const trigger = { ...ALWAYS, next: () => Promise.resolve(++waits < 3) };
  const { out, code } = await streamTimes(readingsOf([1n, 2n, 3n]), { trigger });
  assert.deepEqual([out, code], ["1 2 ", 0]);
});

Deno.test("stream() reports failed readings and returns 0 if one succeeded", async () => {
  const { out, code, reported } = await streamTimes(readingsOf([FAILURE, 2n, FAILURE]));
  assert.deepEqual([out, code, reported], ["2 ", 0, [FAILURE, FAILURE]]);
});

Deno.test("stream() returns the exit code of the last failure if all readings failed", async () => {
  const { out, code } = await streamTimes(readingsOf([FAILURE, FAILURE, FAILURE]));
  assert.deepEqual([out, code], ["", 103]);
});

Deno.test("stream() ends with exit code 4 if the kernel refuses a reading", async () => {
  const report = () => Promise.resolve(4);
  const { out, code } = await streamTimes(readingsOf([1n, FAILURE, 3n]), { report });
  assert.deepEqual([out, code], ["1 ", 4]);
});

Deno.test("stream() with failFast ends with the exit code of the first failure", async () => {
  const { out, code } = await streamTimes(readingsOf([1n, FAILURE, 3n]), { failFast: true });
  assert.deepEqual([out, code], ["1 ", 101]);
});

Deno.test("stream() throws errors that are not about a reading", async () => {
  const error = new Error("something else");
  await assert.rejects(streamTimes(readingsOf([1n, error])), error);
});

Deno.test("stream() throws what the sink throws", async () => {
  const error = new Error("no space left on device");
  const encode = () => {
    throw error;
  };
  await assert.rejects(streamTimes(readingsOf([1n]), { encode }), error);
});

Deno.test("stream() encodes what transform makes of each snapshot, with state", async () => {
  let sum = 0n;
  const add = (snapshot: Snapshot) => ({ ...snapshot, time: sum += snapshot.time });
  const transform = (snapshots: Snapshots) => mapSnapshots(snapshots, add);
  const { out } = await streamTimes(readingsOf([1n, 2n, 3n]), { transform });
  assert.equal(out, "1 3 6 ");
});

Deno.test("stream() writes an inconsistent snapshot and reports it", async () => {
  const read = () => collect(inconsistentKernel());
  const readings = { ...readingsOf([1n]), hasEnded: false, next: () => Promise.resolve(read()) };
  const { code, doubts } = await streamTimes(readings, { count: 1 });
  assert.deepEqual([code, doubts], [0, [1]]);
});

/** A kernel that counts how often it is opened, checked and closed. */
function openKernels(settings: Partial<Kernel>) {
  const log: string[] = [];
  const open = () => {
    log.push("open");
    return {
      ...fakeKernel(settings),
      checkIpvs: () => void log.push("check"),
      [Symbol.dispose]: () => void log.push("close"),
    };
  };
  return { log, open };
}

Deno.test("KernelReadings reads through the same sockets, and checks IPVS before each reading", async () => {
  const { log, open } = openKernels({});
  {
    using readings = new KernelReadings(open, collect);
    for (let i = 0; i < 3; i++) await readings.next();
  }
  assert.deepEqual(log, ["open", "check", "check", "check", "close"]);
});

Deno.test("KernelReadings opens the sockets anew after a failed reading", async () => {
  let errno = 0;
  const { log, open } = openKernels({ onRequest: () => (errno === 0 ? undefined : { errno }) });
  using readings = new KernelReadings(open, collect);
  await readings.next();
  errno = 12;
  await assert.rejects(readings.next(), NetlinkError);
  await assert.rejects(readings.next(), NetlinkError);
  errno = 0;
  await readings.next();
  assert.deepEqual(log, [
    "open",
    "check",
    "check",
    "close",
    "open",
    "check",
    "close",
    "open",
    "check",
  ]);
});

/**
 * Streams in another process; returns how many readings were taken. `hook` runs during each reading,
 * with its number `reading`, from 1, and with `send(signal)`.
 */
async function readingsInProcess(trigger: string, hook: string): Promise<number> {
  const from = (path: string) => JSON.stringify(new URL(path, import.meta.url));
  const code = `import { Alarm } from ${from("../../lib/commands/alarm.ts")};
    import { SteadySchedule } from ${from("../../lib/commands/schedule.ts")};
    import { SignalBlocker } from ${from("../../lib/commands/signal_blocker.ts")};
    import { stream } from ${from("../../lib/commands/stream.ts")};
    import { SignalTrigger, TimerTrigger } from ${from("../../lib/commands/triggers.ts")};
    import { collect } from ${from("../../lib/ipvs/collect.ts")};
    import { fakeKernel } from ${from("../_fake_kernel.ts")};
    const alarm = new Alarm();
    using blocker = new SignalBlocker(alarm);
    let reading = 0;
    const send = (signal) => Deno.kill(Deno.pid, signal);
    const next = async () => { reading++; ${hook}; return collect(fakeKernel()); };
    const options = { now: () => performance.now(), onSkip() {} };
    using trigger = ${trigger};
    const readings = { hasEnded: false, next };
    const code = await stream(() => {}, { readings, trigger, encode() {}, verdict() {} });
    console.log(code, reading);`;
  const { code: exit, stdout } = await run([Deno.execPath(), "eval", "--quiet", code]);
  assert.equal(exit, 0);
  const [, readings] = /^0 (\d+)\n$/.exec(stdout) ?? [];
  return Number(readings);
}

const CLOCK = (milliseconds: number) =>
  `new TimerTrigger(alarm, new SteadySchedule(${milliseconds}), options)`;

for (const signal of ["SIGINT", "SIGTERM"]) {
  Deno.test(`stream() ends when ${signal} is received while it waits`, async () => {
    const hook = `setTimeout(() => send("${signal}"), 0)`;
    assert.equal(await readingsInProcess(CLOCK(86_400_000), hook), 1);
  });

  Deno.test(`stream() that never waits ends when ${signal} is received`, async () => {
    assert.ok(await readingsInProcess(CLOCK(0), `if (reading === 3) send("${signal}")`) >= 3);
  });
}

Deno.test("SignalTrigger triggers one more reading for all signals during a reading", async () => {
  const trigger = `(() => {
    const trigger = new SignalTrigger(alarm, "SIGUSR1");
    send("SIGUSR1");
    return trigger;
  })()`;
  const hook = `if (reading === 1) { for (let i = 0; i < 3; i++) send("SIGUSR1"); }
    if (reading === 2) setTimeout(() => send("SIGTERM"), 0);`;
  assert.equal(await readingsInProcess(trigger, hook), 2);
});
