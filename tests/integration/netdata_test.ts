/** Runs `ipvstat stream -o netdata` as a plugin of the real netdata, and reads netdata's API. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cannotFind, moduleTempDir, outputOf } from "../_commands.ts";
import { DROUTE, type FakeService, type FakeStats, procStats } from "../_fake_kernel.ts";
import { blocks, read } from "../_pages.ts";
import { type ApiChart, NETDATA, type Netdata, type Points, withNetdata } from "./_netdata.ts";
import { recordMoments } from "./_recording.ts";

const ignore = cannotFind(NETDATA);
const dir = moduleTempDir();
const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));
const PERMISSIONS = "--allow-ffi --allow-read --allow-write --allow-env=NETDATA_UPDATE_EVERY";
const STREAM = `${Deno.execPath()} run --quiet --no-prompt ${PERMISSIONS} ${CLI} stream -o netdata`;
const TOTALS = ["ipvs.sockets", "ipvs.packets", "ipvs.net"] as const;

/** Consecutive points that must be equal. On a busy machine, some readings arrive late. */
const ENOUGH = 15;
/** netdata stores points with 24 bits of precision. */
const PRECISION = 1e-5;

/** Traffic per second: connections, packets and bytes in and out. */
type Rates = readonly [number, number, number, number, number];

/** Counters that start at some values and grow steadily. */
function grown(start: readonly bigint[], rates: Rates, second: number): FakeStats {
  const [connections, pktsIn, pktsOut, bytesIn, bytesOut] = rates.map((rate, i) =>
    (start[i] ?? 0n) + BigInt(rate) * BigInt(second)
  );
  return { connections, pktsIn, pktsOut, bytesIn, bytesOut } as FakeStats;
}

/** What netdata shows of the rates: what is sent is negative, and bytes are kilobits. */
function shown([connections, pktsIn, pktsOut, bytesIn, bytesOut]: Rates) {
  return [
    { connections },
    { received: pktsIn, sent: -pktsOut },
    { received: bytesIn * 8 / 1000, sent: -bytesOut * 8 / 1000 },
  ];
}

function isClose(point: Points[number], expected: Readonly<Record<string, number>>): boolean {
  assert.deepEqual(Object.keys(point), Object.keys(expected));
  return Object.entries(expected).every(([name, value]) => {
    const stored = point[name] ?? null;
    return stored !== null && Math.abs(stored - value) <= PRECISION * Math.abs(value);
  });
}

/** Waits until enough consecutive points of a chart, after a time, are equal to what is expected. */
async function waitForSteady(
  netdata: Netdata,
  chart: string,
  expected: Readonly<Record<string, number>>,
  after?: number,
): Promise<void> {
  let points: Points = [];
  const what = () => `${chart} to be ${JSON.stringify(expected)}: ${JSON.stringify(points)}`;
  await netdata.wait(what, async () => {
    points = await netdata.points(chart, after);
    const others = [-1, ...points.keys(), points.length]
      .filter((i) => points[i] === undefined || !isClose(points[i], expected));
    return others.some((at, i) => i > 0 && at - others[i - 1]! > ENOUGH) || undefined;
  });
}

const VIRTUAL = "ipvs.virtual_server_tcp-10.0.0.1-80";
const REAL = "ipvs.real_server_tcp-10.0.0.1-80-10.1.0.1-80";
const TOTAL_RATES: Rates = [7, 110, 80, 12_500, 125_000];
/** Each counter crosses a boundary of its bits soon after the start. */
const TOTAL_START = [2n ** 63n, 2n ** 53n, 2n ** 32n, 2n ** 63n, 2n ** 53n]
  .map((boundary, i) => boundary - 10n * BigInt(TOTAL_RATES[i]!));
const VIRTUAL_RATES: Rates = [3, 30, 20, 4_000, 50_000];
const REAL_RATES: Rates = [2, 20, 0, 3_000, 0];

Deno.test({
  name: "netdata stores the rates of the recorded traffic, and goes on after a restart",
  ignore,
  fn: async () => {
    const file = join(dir, "steady.pcap");
    recordMoments(file, 900, (second) => ({
      totals: grown(TOTAL_START, TOTAL_RATES, second),
      services: [{
        address: "10.0.0.1",
        port: 80,
        stats: grown([], VIRTUAL_RATES, second),
        destinations: [{
          ...{ address: "10.1.0.1", port: 80, method: DROUTE, weight: 0 },
          ...{ active: 5, inactive: 40, stats: grown([], REAL_RATES, second) },
        }, { address: "10.1.0.2", port: 80, active: 1, inactive: 2 }],
      }],
    }));
    const pids = join(dir, "pids");
    const script = `#!/bin/sh\necho $$ >> ${pids}\nexec ${STREAM} --servers --replay ${file}\n`;
    await withNetdata({ plugins: { ipvs: script } }, async (netdata) => {
      for (const [i, expected] of shown(TOTAL_RATES).entries()) {
        await waitForSteady(netdata, TOTALS[i]!, expected);
      }
      for (const [i, name] of ["connections", "packets", "net"].entries()) {
        await waitForSteady(netdata, `${VIRTUAL}_${name}`, shown(VIRTUAL_RATES)[i]!);
        await waitForSteady(netdata, `${REAL}_${name}`, shown(REAL_RATES)[i]!);
      }
      await waitForSteady(netdata, `${VIRTUAL}_open_connections`, { active: 6, inactive: 42 });
      await waitForSteady(netdata, `${REAL}_open_connections`, { active: 5, inactive: 40 });
      await waitForSteady(netdata, `${VIRTUAL}_state`, { ok: 0, degraded: 1, down: 0, empty: 0 });
      await waitForSteady(netdata, `${REAL}_state`, {
        ...{ active: 0, draining: 1, "still-receiving": 0, drained: 0 },
        ...{ overloaded: 0, "near-threshold": 0, idle: 0 },
      });

      const started = () => Deno.readTextFileSync(pids).trim().split("\n").map(Number);
      assert.equal(started().length, 1);
      Deno.kill(started()[0]!, "SIGTERM");
      await netdata.wait(() => "netdata to start it again", () => started()[1]);
      const restarted = Math.floor(Date.now() / 1000);
      await waitForSteady(netdata, "ipvs.packets", shown(TOTAL_RATES)[1]!, restarted);
      const log = netdata.log();
      assert.doesNotMatch(log, /exited with code|killed by signal|ipvstat:.*(?:rror|annot)/);
    });
  },
});

/** A fenced block of docs/netdata.md. */
function recipe(kind: string): string {
  const [block] = blocks(read("docs/netdata.md"), kind);
  assert.ok(block !== undefined);
  return block;
}

Deno.test({
  name: "netdata shows the same charts as its own collector, set up as in docs/netdata.md",
  ignore,
  fn: async () => {
    const stats = join(dir, "ip_vs_stats");
    Deno.writeTextFileSync(stats, procStats({ connections: 1 }));
    const own = `[plugin:proc:/proc/net/ip_vs_stats]\nfilename to monitor = ${stats}\n`;
    const read = async (netdata: Netdata) => {
      const find = async () => {
        const charts = await netdata.charts();
        return TOTALS.every((id) => id in charts) ? TOTALS.map((id) => charts[id]!) : undefined;
      };
      return (await netdata.wait(() => TOTALS.join(), find)).map(attributes);
    };
    let expected: ReturnType<typeof attributes>[] = [];
    await withNetdata({ collectsProc: true, configuration: own }, async (netdata) => {
      expected = await read(netdata);
    });
    assert.equal(expected[0]?.plugin, "proc.plugin");

    const file = join(dir, "recipe.pcap");
    recordMoments(file, 2, () => ({ totals: { connections: 1 }, services: [{ fwmark: 1 }] }));
    const script = recipe("sh").replace(/\S+ stream -o netdata/, STREAM);
    const configuration = recipe("ini").replace("--servers", `--servers --replay ${file} --loop`);
    const setup = { plugins: { ipvs: script }, collectsProc: true };
    await withNetdata({ ...setup, configuration: own + configuration }, async (netdata) => {
      assert.deepEqual(
        await read(netdata),
        expected.map((chart) => ({ ...chart, plugin: "ipvs.plugin", module: "ipvstat" })),
      );
      await netdata.wait(
        () => "the charts of the virtual server",
        async () => (await netdata.charts())["ipvs.virtual_server_fwmark-1-inet_state"],
      );
    });
  },
});

/** What netdata shows of a chart, without what depends on the time. */
function attributes(chart: ApiChart) {
  const { id, name, type, family, context, title, priority, units, chart_type } = chart;
  const { update_every, plugin, module, dimensions } = chart;
  return {
    ...{ id, name, type, family, context, title, priority, units, chart_type },
    ...{ update_every, plugin, module, dimensions },
  };
}

Deno.test({
  name: "a server that goes and returns with its counters at 0 is a gap in netdata, not a spike",
  ignore,
  fn: async () => {
    const file = join(dir, "returning.pcap");
    const [gone, back, end] = [10, 20, 40];
    recordMoments(file, end, (second) => {
      // 32 bits that are nearly used up: netdata would take the return to 0 for an overflow.
      const start = second < gone ? 4_294_000_000 : 0;
      const stats = { connections: start + 4 * second, pktsIn: start + 4 * second };
      const returning: FakeService = { address: "10.0.0.1", port: 80, stats };
      const services = second < gone || second >= back ? [returning] : [];
      return { totals: { connections: second }, services };
    });
    const lines = join(dir, "lines");
    await outputOf(["mkfifo", lines]);
    const script = `#!/bin/sh\nexec ${STREAM} --servers --replay ${file} --on stdin < ${lines}\n`;
    await withNetdata({ plugins: { ipvs: script } }, async (netdata) => {
      using input = await Deno.open(lines, { write: true });
      const chart = `${VIRTUAL}_connections`;
      const advance = async (seconds: number) => {
        for (let i = 0; i < seconds; i++) {
          input.writeSync(new TextEncoder().encode("\n"));
          await new Promise((resolve) => setTimeout(resolve, 1000));
        }
      };
      const waitFor = (isShown: boolean) =>
        netdata.wait(
          () => `${chart} to be ${isShown ? "shown" : "hidden"}`,
          async () => chart in await netdata.charts() === isShown || undefined,
        );
      await advance(gone);
      await waitFor(true);
      await advance(back - gone - 2);
      await waitFor(false);
      await advance(2 + end - back);
      await waitFor(true);
      const stored = (await netdata.points(chart)).flatMap(({ connections }) => connections ?? []);
      assert.ok(Math.max(...stored) < 1000, JSON.stringify(stored));
      assert.ok(stored.some((value) => Math.abs(value - 4) < 0.1), JSON.stringify(stored));
    });
  },
});
