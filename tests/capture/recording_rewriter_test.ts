import assert from "node:assert/strict";
import { Anonymizer, ANONYMIZER_KEY_LENGTH } from "../../lib/capture/anonymizer.ts";
import { Recorder } from "../../lib/capture/recorder.ts";
import { openRecording } from "../../lib/capture/recording.ts";
import { RecordingRewriter } from "../../lib/capture/recording_rewriter.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { fakeKernel, type FakeSource, type Kernel } from "../_fake_kernel.ts";
import { hardKernel } from "../_hard_cases.ts";
import { addressBytes } from "../_netlink_messages.ts";
import { toBigEndian } from "./_big_endian.ts";
import { pcap, pcapng } from "./_file_writers.ts";
import { containedAddresses, findAddresses, identifiesNothing, textOf } from "./_find_addresses.ts";
import { ask, concat, FakeKernel, FAMILY, message, Monitor, readData } from "./_monitor.ts";

const KEY = Uint8Array.from({ length: ANONYMIZER_KEY_LENGTH }, (_, i) => i);

/** Collects what `use` writes. */
function written(use: (rewriter: RecordingRewriter) => void): Uint8Array {
  const chunks: Uint8Array[] = [];
  use(
    new RecordingRewriter((bytes) => chunks.push(bytes.slice()), {
      anonymizer: new Anonymizer(KEY),
    }),
  );
  return concat(...chunks);
}

function anonymized(capture: Uint8Array): Uint8Array {
  return written((rewriter) => rewriter.addCapture(capture));
}

function recordingOf(...sources: FakeSource[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const recorder = new Recorder((bytes) => chunks.push(bytes.slice()));
  for (const source of sources) recorder.round(source, collect);
  return concat(...chunks);
}

const TESTDATA = new URL("../../testdata/", import.meta.url);
const CAPTURES = new Map([
  ...["demo/capture", "demo/nlmon-ipvsadm", "hard/capture", "empty/capture"]
    .map((name) => [name, Deno.readFileSync(new URL(`${name}.pcap`, TESTDATA))] as const),
  ...["linux-5.10", "linux-6.1", "linux-6.12", "linux-7.2", "interleaved", "ipvsadm_twice"]
    .concat("long_lived_portless", "nanoseconds")
    .map((name) => [name, readData(`${name}.pcap`)] as const),
]);

for (const [name, capture] of CAPTURES) {
  Deno.test(`RecordingRewriter leaves no address of ${name}, in any byte order or as text`, () => {
    const addresses = findAddresses(capture).filter((each) => !identifiesNothing(each));
    assert.equal(containedAddresses(capture, addresses).length, addresses.length);
    assert.ok(addresses.length >= 9 || name.startsWith("empty"));
    assert.deepEqual(containedAddresses(anonymized(capture), addresses), []);
  });

  Deno.test(`RecordingRewriter's copy of ${name} replays to the same but for addresses and names`, () => {
    const [original, copy] = [openRecording(capture), openRecording(anonymized(capture))];
    const known = (round: typeof original.rounds[number]) => [round.complete, round.time];
    assert.deepEqual(copy.rounds.map(known), original.rounds.map(known));
    original.rounds.forEach((round, i) => {
      const expected = replaceAddresses(JSON.parse(jsonOf(round.play())));
      assert.deepEqual(sorted(JSON.parse(jsonOf(copy.rounds[i]!.play()))), sorted(expected));
    });
  });
}

function jsonOf(source: Parameters<typeof collect>[0]): string {
  const chunks: Uint8Array[] = [];
  encodeJson(collect(source), (bytes) => chunks.push(bytes.slice()));
  return new TextDecoder().decode(concat(...chunks));
}

const TO_REPLACE = ["address", "mcast_group"];

/** Replaces addresses and names of interfaces in a parsed snapshot. */
function replaceAddresses(value: unknown, anonymizer = new Anonymizer(KEY)): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((each) => replaceAddresses(each, anonymizer));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (typeof inner !== "string") return [name, replaceAddresses(inner, anonymizer)];
      if (TO_REPLACE.includes(name)) {
        return [name, textOf(anonymizer.address(Uint8Array.from(addressBytes(inner))))];
      }
      return [name, name === "interface" ? anonymizer.interfaceName(inner, 15) : inner];
    }),
  );
}

/** Sorts the servers by their text: their order depends on the addresses. */
// deno-lint-ignore no-explicit-any
function sorted(snapshot: any): unknown {
  const byText = (servers: unknown[]) =>
    servers.map((server) => JSON.stringify(server)).toSorted().map((text) => JSON.parse(text));
  // deno-lint-ignore no-explicit-any
  const virtualServers = snapshot.virtual_servers.map((virtual: any) => ({
    ...virtual,
    real_servers: byText(virtual.real_servers),
  }));
  return { ...snapshot, virtual_servers: byText(virtualServers) };
}

/** Kernels whose replies differ. */
const KERNELS: readonly [string, Partial<Kernel>][] = [
  ["with unknown attributes", { unknownAttributes: true }],
  ["with padding", { padding: true, statsWidth: 32 }],
  ["with one reply per datagram", { perDatagram: 1 }],
  ["that is big-endian", { bigEndian: true }],
];

for (const [name, settings] of KERNELS) {
  Deno.test(`RecordingRewriter's copy replays to the same from a kernel ${name}`, () => {
    const original = openRecording(recordingOf(hardKernel(settings))).selectRound();
    const copy = openRecording(anonymized(recordingOf(hardKernel(settings)))).selectRound();
    const expected = sorted(replaceAddresses(JSON.parse(jsonOf(original.play()))));
    assert.deepEqual(sorted(JSON.parse(jsonOf(copy.play()))), expected);
  });
}

Deno.test("RecordingRewriter replaces the same addresses in either byte order", () => {
  const capture = CAPTURES.get("demo/nlmon-ipvsadm")!;
  const [little, big] = [capture, toBigEndian(capture)].map((each) =>
    jsonOf(openRecording(anonymized(each)).selectRound().play())
  );
  assert.equal(big, little);
});

Deno.test("RecordingRewriter takes the family of a destination from the request, if it is missing", () => {
  // Only the first 4 bytes of the IPv6 addresses are not 0.
  const services = [
    { address: "2001:db8::", port: 1, destinations: [{ address: "2001:db9::", port: 2 }] },
    { address: "32.1.13.184", port: 1, destinations: [{ address: "32.1.13.185", port: 2 }] },
  ];
  const capture = recordingOf(fakeKernel({ services, omitAddressFamily: true }));
  const snapshot = collect(openRecording(anonymized(capture)).selectRound().play());
  const found = [...snapshot.virtualServers].flatMap((
    { address, realServers },
  ) => [address, ...[...realServers].map((real) => real.address)]);
  const anonymizer = new Anonymizer(KEY);
  const expected = ["2001:db8::", "2001:db9::", "32.1.13.184", "32.1.13.185"].map((address) =>
    textOf(anonymizer.address(Uint8Array.from(addressBytes(address))))
  );
  assert.deepEqual(found.toSorted(), expected.toSorted());
});

/** Bytes that must not be copied. */
const SECRET = new TextEncoder().encode("secret");

function contains(file: Uint8Array, text: string): boolean {
  return new TextDecoder("latin1").decode(file).includes(text);
}

/** Asserts that a capture has the secret and that its copy does not, and returns the copy. */
function assertRemoved(capture: Uint8Array): Uint8Array {
  assert.ok(contains(capture, "secret"));
  const copy = anonymized(capture);
  assert.ok(!contains(copy, "secret"));
  return copy;
}

Deno.test("RecordingRewriter copies only requests that read IPVS, and their replies", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([{ host: 1, realServers: 2 }]);
  const other = { type: FAMILY + 1, sequence: 50, port: 99 };
  const fill = (writer: { bytes(type: number, bytes: Uint8Array): unknown }) => {
    writer.bytes(1, SECRET);
  };
  monitor.see(message({ ...other, flags: 1, fill }));
  monitor.see(message({ ...other, fill }));
  monitor.exchange(kernel, ask.family());
  monitor.round(kernel);
  // A command that changes the table, a notification, and another netlink protocol.
  monitor.see(message({ flags: 5, command: 1, sequence: 51, port: 99, fill }));
  monitor.see(message({ command: 1, fill }));
  monitor.see(message({ fill }), 0);
  const copy = assertRemoved(pcap(monitor.seen));
  assert.equal(collect(openRecording(copy).selectRound().play()).virtualServers.length, 1);
});

Deno.test("RecordingRewriter copies one of several requests in a packet", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([{ mark: 7 }]);
  const [services, destinations] = [ask.services({ port: 4711 }), ask.destinations({ mark: 7 })];
  const secret = message({
    ...{ type: FAMILY + 1, flags: 1, sequence: 9 },
    fill: (writer) => writer.bytes(1, SECRET),
  });
  monitor.see(concat(secret, services));
  for (const reply of kernel.replyTo(services)) monitor.see(reply);
  monitor.exchange(kernel, destinations);
  assert.ok(openRecording(assertRemoved(pcap(monitor.seen))).selectRound().complete);
});

Deno.test("RecordingRewriter copies nothing of a pcapng file but packets", () => {
  const packets = new Monitor();
  packets.round(new FakeKernel([{ host: 1 }]));
  const file = pcapng(packets.seen);
  const comment = new Uint8Array(24);
  comment.set([0x0a, 0, 0, 0, 24, 0, 0, 0]);
  comment.set(SECRET, 8);
  comment.set([24, 0, 0, 0], 20);
  assertRemoved(concat(file, comment));
});

Deno.test("RecordingRewriter overwrites unknown attributes, wrong widths, padding and what follows a text", () => {
  const kernel = new FakeKernel([]);
  const monitor = new Monitor();
  monitor.exchange(kernel, ask.family());
  const request = ask.services({ port: 4711 });
  monitor.see(request);
  monitor.see(message({
    ...{ flags: 2, command: 1, port: 4711 },
    fill: (writer) => {
      writer.attribute(1, () => {
        writer.u16(1, 2).u32(5, 7).bytes(99, SECRET);
        // A scheduler's name, a timeout of 6 bytes and a nest of statistics.
        writer.bytes(6, [114, 114, 0, ...SECRET]).bytes(8, SECRET);
        writer.attribute(10, () => writer.bytes(1, SECRET));
      });
      // An attribute whose length is too large.
      writer.raw([255, 0, 9, 0, ...SECRET, 0, 0]);
    },
  }));
  for (const reply of kernel.replyTo(request)) monitor.see(reply);
  const copy = assertRemoved(pcap(monitor.seen));
  assert.equal(copy.length, pcap(monitor.seen).length);
  assert.ok(contains(copy, "rr\0"));
});

Deno.test("RecordingRewriter anonymizes the copy of a request in an error, and keeps its text", () => {
  const request = ask.service({ host: 9 }, { port: 4711, sequence: 3 });
  const error = message({ type: 2, flags: 0x200, sequence: 3, port: 4711 }).slice(0, 16);
  const text = new TextEncoder().encode("no such service\0");
  const attribute = [20, 0, 1, 0, ...text];
  const reply = concat(error, Uint8Array.from([253, 255, 255, 255]), request);
  const whole = concat(reply, Uint8Array.from(attribute));
  new DataView(whole.buffer).setUint32(0, whole.length, true);
  const monitor = new Monitor();
  monitor.exchange(new FakeKernel([]), ask.family());
  monitor.see(request);
  monitor.see(whole);
  const copy = anonymized(pcap(monitor.seen));
  assert.deepEqual(containedAddresses(copy, [Uint8Array.of(10, 0, 0, 9)]), []);
  assert.ok(contains(copy, "no such service\0"));
});

Deno.test("RecordingRewriter keeps the numbers of snapshots, and empties the incomplete ones", () => {
  const services = [{ address: "10.0.0.77", port: 80 }];
  const whole = recordingOf(fakeKernel({ services }));
  // Its end is missing.
  const broken = recordingOf(fakeKernel({ services })).slice(0, -64);
  const rounds = openRecording(anonymized(concat(broken, whole.subarray(24)))).rounds;
  assert.deepEqual(rounds.map(({ complete }) => complete), [false, true]);
});

Deno.test("RecordingRewriter.round() records what the same capture is anonymized to", () => {
  const copy = anonymized(recordingOf(hardKernel()));
  assert.deepEqual(written((rewriter) => rewriter.round(hardKernel(), collect)), copy);
  assert.equal(collect(openRecording(copy).selectRound().play()).consistency.state, "verified");
});

Deno.test("RecordingRewriter refuses a capture without traffic of IPVS", () => {
  assert.throws(() => anonymized(readData("no_ipvs.pcap")), {
    name: "CaptureError",
    message: "Cannot read capture: it contains no requests that read IPVS",
  });
});
