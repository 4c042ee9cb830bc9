/** Generated recordings: what they replay to, and a comparison with messages of a real kernel. */
import assert from "node:assert/strict";
import { generateRecording } from "../../bench/generate.ts";
import { parseTable } from "../../bench/table.ts";
import { collect, encodeJson, openRecording } from "../../mod.ts";
import { parseAttributes } from "../_netlink_messages.ts";

function generate(shape: string): Uint8Array {
  const parts: Uint8Array[] = [];
  generateRecording(parseTable(shape), (bytes) => parts.push(bytes.slice()));
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

type Server = Record<string, number | string>;

// deno-lint-ignore no-explicit-any
function replay(recording: Uint8Array): any {
  const parts: string[] = [];
  const snapshot = collect(openRecording(recording).selectRound().play());
  encodeJson(snapshot, (bytes) => parts.push(new TextDecoder().decode(bytes)));
  return JSON.parse(parts.join(""));
}

const COUNTERS = ["connections", "pkts_in", "pkts_out", "bytes_in", "bytes_out"];
const RATES = ["cps", "pps_in", "pps_out", "bytes_in_per_second", "bytes_out_per_second"];

function trafficOf(server: Server): unknown[] {
  return [...COUNTERS, ...RATES].map((name) => server[name]);
}

/** The sums of the traffic of servers. */
function sum(servers: readonly Server[]): number[] {
  return [...COUNTERS, ...RATES].map((name) =>
    servers.reduce((total, server) => total + Number(server[name]), 0)
  );
}

// 2x100 has lists of real servers in several datagrams, and 200x1 a list of virtual servers.
for (const shape of ["1x1", "3x7", "2x100", "200x1"]) {
  Deno.test(`a generated recording of ${shape} replays to servers with consistent traffic`, () => {
    const [virtualCount, realCount] = shape.split("x").map(Number);
    const { consistency, totals, virtual_servers: virtual } = replay(generate(shape));
    assert.equal(consistency.state, "verified");
    assert.equal(virtual.length, virtualCount);
    for (const server of virtual) {
      assert.equal(server.real_servers.length, realCount);
      assert.deepEqual(trafficOf(server), sum(server.real_servers));
    }
    assert.deepEqual(trafficOf(totals), sum(virtual));
    const real: Server[] = virtual.flatMap((server: { real_servers: Server[] }) =>
      server.real_servers
    );
    assert.equal(new Set(real.map(({ address }) => address)).size, real.length);
    for (const server of real) for (const value of trafficOf(server)) assert.ok(Number(value) > 0);
  });
}

Deno.test("the last real server of a generated recording has the numbers calculated by hand", () => {
  const { virtual_servers: virtual } = replay(generate("3x100"));
  const { real_servers: real, ...last } = virtual[2];
  assert.deepEqual([last.protocol, last.address, last.port], ["tcp", "10.0.0.2", 80]);
  assert.deepEqual(real[99], {
    address_family: "inet",
    address: "172.16.1.43", // number 299 = 256 + 43
    port: 8080,
    forwarding_method: "masq",
    state: "active",
    weight: 100,
    upper_threshold: 0,
    lower_threshold: 0,
    active_connections: 300,
    inactive_connections: 300,
    persistent_connections: 0,
    connections: 3_367_784, // 1,000,003 + 299 × 7,919
    pkts_in: 37_045_624, // 11 a connection
    pkts_out: 26_942_272, // 8
    bytes_in: 3_593_425_528, // 1,067
    bytes_out: 24_544_409_792, // 7,288
    cps: 300,
    pps_in: 3300,
    pps_out: 2400,
    bytes_in_per_second: 320_100,
    bytes_out_per_second: 2_186_400,
    share: 0.011317, // of 100 × 1,000,003 + 24,950 × 7,919, where 24,950 = 200 + ... + 299
    weight_share: 0.019802, // 100 / 5,050
  });
});

/** The replies of IPVS with a command in a little-endian pcap file. */
function repliesIn(pcap: Uint8Array, command: number): Uint8Array[] {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.byteLength);
  const found: Uint8Array[] = [];
  for (let at = 24; at < pcap.length;) {
    const end = at + 16 + view.getUint32(at + 8, true);
    for (at += 32; at < end;) {
      const length = view.getUint32(at, true);
      const isReply = view.getUint16(at + 4, true) === 28 &&
        (view.getUint16(at + 6, true) & 1) === 0;
      if (isReply && pcap[at + 16] === command) found.push(pcap.slice(at, at + length));
      at += length;
    }
  }
  return found;
}

/**
 * Padding that aligns 64-bit values on some architectures, such as User Mode Linux, but not on
 * x86_64.
 */
const STATS_PAD = 11;

/** The types and widths of the attributes of a reply, in order, including the counters. */
function layoutOf(reply: Uint8Array): string[] {
  const [[, server] = []] = parseAttributes(reply.subarray(20));
  return [...parseAttributes(server!)].map(([type, payload]) => {
    if (type !== 10 && type !== 12) return `${type}: ${payload.length}`;
    const counters = [...parseAttributes(payload)].filter(([type]) => type !== STATS_PAD);
    return `${type}: ${counters.map(([type, { length }]) => `${type}: ${length}`)}`;
  });
}

for (const [name, command] of [["virtual", 1], ["real", 5]] as const) {
  Deno.test(`a generated ${name} server has the attributes of a real kernel, in the same order`, () => {
    const demo = Deno.readFileSync(new URL("../../testdata/demo/capture.pcap", import.meta.url));
    // The demo's first virtual server has the scheduler wlc, whose name has the same length as wrr.
    const [real] = repliesIn(demo, command);
    const generated = repliesIn(generate("2x2"), command);
    assert.ok(layoutOf(real!).length >= 10);
    for (const reply of generated) assert.deepEqual(layoutOf(reply), layoutOf(real!));
    assert.ok(generated.length >= 4);
  });
}
