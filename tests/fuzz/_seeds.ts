/** The captures to mutate: from real kernels, from the fake kernel, and of random tables. */
import { Recorder } from "../../lib/capture/recorder.ts";
import { collect, type Source } from "../../lib/ipvs/collect.ts";
import {
  type FakeDaemon,
  type FakeDestination,
  fakeKernel,
  type FakeService,
  type FakeSource,
  type FakeStats,
  inconsistentKernel,
  type Kernel,
  procPerCpu,
  procStats,
} from "../_fake_kernel.ts";
import { EDGES, edgeStats, HARD_SERVICES, hardKernel } from "../_hard_cases.ts";
import { concat } from "../capture/_monitor.ts";
import { SETTINGS_FILES, statusText } from "../procfs/_status.ts";
import { type Capture, type Frame, parseCapture, PLAIN } from "./_capture.ts";
import { parseMessages } from "./_messages.ts";
import type { Random } from "./_random.ts";

const ROOT = new URL("../../", import.meta.url);
const FILES = [
  ...["testdata/empty/capture.pcap", "testdata/demo/capture.pcap"],
  ...["empty_table.pcap", "nanoseconds.pcap", "dumpcap.pcapng", "long_lived_portless.pcap"]
    .map((name) => `tests/capture/data/${name}`),
];

/** Differences between kernels. */
const KERNELS: readonly Partial<Kernel>[] = [
  {},
  { bigEndian: true },
  { statsWidth: 32, padding: true },
  { omitAddressFamily: true, unknownAttributes: true },
  { perDatagram: 1 },
  { perDatagram: 2, bigEndian: true, unknownAttributes: true },
];

const TOTALS = {
  ip_vs_stats: procStats(edgeStats(3)),
  ip_vs_stats_percpu: procPerCpu([edgeStats(5), edgeStats(7)]),
};

/** All captures to mutate, except random ones. */
export function fixedCaptures(): Capture[] {
  const files = FILES.map((file) => parseCapture(Deno.readFileSync(new URL(file, ROOT))));
  const tables = KERNELS.flatMap((settings, i) => {
    const services = HARD_SERVICES.slice(3 * i, 3 * i + 3);
    const proc = { ip_vs_status: statusText("long_chains"), ...SETTINGS_FILES, ...TOTALS };
    const source = () => hardKernel({ ...settings, services, ...(i % 2 === 0 ? { proc } : {}) });
    return [recorded(source()), monitored(source())];
  });
  const small = fakeKernel({ services: [{ address: "10.0.0.1", destinations: [] }] });
  return [...files, ...tables, recorded(inconsistentKernel()), recorded(small, 3)];
}

/** Records a source with ipvstat's recorder. */
export function recorded(source: Source, snapshots = 1): Capture {
  const chunks: Uint8Array[] = [];
  const recorder = new Recorder((chunk) => chunks.push(chunk.slice()));
  for (let i = 0; i < snapshots; i++) recorder.round(source, collect);
  return parseCapture(concat(...chunks));
}

/** Captures a source as a monitor device does. */
export function monitored(source: FakeSource): Capture {
  const { transport, kernel } = source;
  const frames: Frame[] = [];
  let { time } = kernel;
  const capture = (bytes: Uint8Array, direction: number, littleEndian: boolean) => {
    const messages = parseMessages(bytes, littleEndian);
    frames.push({ time: time++, protocol: 16, direction, littleEndian, messages, cut: 0 });
  };
  collect({
    ...source,
    transport: {
      portId: transport.portId,
      *exchange(request) {
        capture(request.slice(), 7, true);
        for (const datagram of transport.exchange(request)) {
          const { bytes, length, littleEndian } = datagram;
          capture(bytes.slice(0, length), 6, littleEndian);
          yield datagram;
        }
      },
      [Symbol.dispose]() {},
    },
  });
  return { frames, format: PLAIN, edits: [], repair: true };
}

const ADDRESSES = [
  ...["10.0.0.1", "10.0.0.2", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::1"],
  ...["::ffff:10.0.0.1", "fd00::1:0:0:1"],
];
const PORTS = [0, 1, 80, 255, 256, 65_535];
const WORDS = [0, 1, 2, 7, 255, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
/** Texts that are hard to encode or unsafe to print. */
export const TEXTS = [
  ...["rr", "wlc", "mh", "sh", "none", 'a"b', "a\\", "\\n", "a,b=c d", "x\ny", "\x1b[31m", "\x7f"],
  ...["{}", "# EOF", "ipvs 1i 1", "\u2028\u202e", "\u009b31m", "é", "\u{1f600}", "123456789012345"],
];

/** A capture of a random table. */
export function randomCapture(random: Random): Capture {
  const settings = random.pick(KERNELS);
  const cpus = Array.from({ length: random.below(4) }, () => stats(random));
  const source = fakeKernel({
    ...settings,
    services: Array.from({ length: random.below(6) }, () => service(random)),
    daemons: [1, 2].filter(() => random.oneIn(2)).map((state) => daemon(random, state)),
    proc: random.oneIn(3) ? {} : {
      ip_vs_stats: procStats(stats(random)),
      ip_vs_stats_percpu: procPerCpu(cpus),
      ...(random.oneIn(2) ? { ip_vs_status: statusText("demo"), ...SETTINGS_FILES } : {}),
    },
    time: 1_000_000_000_000_000_000n + BigInt(random.bits()),
  });
  return random.oneIn(3) ? monitored(source) : recorded(source, 1 + random.below(2));
}

function stats(random: Random): FakeStats {
  const value = () => random.oneIn(2) ? 0 : random.pick(EDGES);
  return {
    ...{ connections: value(), pktsIn: value(), pktsOut: value(), bytesIn: value() },
    ...{ bytesOut: value(), cps: value(), ppsIn: value(), ppsOut: value() },
    ...{ bytesInPerSecond: value(), bytesOutPerSecond: value() },
  };
}

function service(random: Random): FakeService {
  const family = random.pick([2, 10]);
  const name = random.oneIn(3) ? { fwmark: random.pick(WORDS.slice(1)), family } : {
    address: random.pick(ADDRESSES),
    protocol: random.pick([6, 17, 132, 1, 255, 65_535]),
    port: random.pick(PORTS),
  };
  return {
    ...name,
    sched: random.pick(TEXTS).slice(0, 5),
    flags: random.oneIn(2) ? 2 : random.below(64),
    timeout: random.pick(WORDS),
    ...(random.oneIn(3) ? { netmask: random.pick([0, 1, 64, 128]) } : {}),
    ...(random.oneIn(4) ? { pe: random.pick(TEXTS).slice(0, 5) } : {}),
    stats: stats(random),
    destinations: Array.from({ length: random.below(4) }, () => destination(random)),
  };
}

function destination(random: Random): FakeDestination {
  const word = () => random.pick(WORDS);
  return {
    address: random.pick(ADDRESSES),
    port: random.pick(PORTS),
    method: random.pick([0, 1, 2, 2, 2, 3, 4, 10, 0x102, word()]),
    weight: word(),
    upperThreshold: random.oneIn(2) ? 0 : word(),
    lowerThreshold: random.oneIn(2) ? 0 : word(),
    active: word(),
    inactive: word(),
    persistent: random.oneIn(2) ? 0 : word(),
    tunnel: {
      type: random.below(4),
      port: random.pick([0, 0, 1, 32, 65_535]),
      flags: random.pick([0, 0, 1, 2, 256, 65_535]),
    },
    stats: stats(random),
  };
}

function daemon(random: Random, state: number): FakeDaemon {
  const modern = {
    maxlen: random.pick(PORTS),
    group: random.pick(ADDRESSES),
    port: random.pick(PORTS),
    ttl: random.below(256),
  };
  const name = random.pick(TEXTS).slice(0, 5);
  const old = { state, interface: name, syncId: random.below(256) };
  return random.oneIn(2) ? old : { ...old, modern };
}
