import assert from "node:assert/strict";
import fc from "fast-check";
import { DecodeError, NetlinkError } from "../../lib/netlink/errors.ts";
import { NotRecordedError } from "../../lib/netlink/transport.ts";
import { CaptureError } from "../../lib/capture/error.ts";
import { readPackets } from "../../lib/capture/packets.ts";
import { openRecording, type Recording } from "../../lib/capture/recording.ts";
import { manyRuns } from "../_property_runs.ts";
import { toBigEndian } from "./_big_endian.ts";
import { pcap, pcapng } from "./_file_writers.ts";
import { ask, type CapturedPacket, concat, FakeKernel, Monitor, readData } from "./_monitor.ts";
import { listTable } from "./_list_table.ts";

/** The table in `data/README.md`: each virtual server and the number of its real servers. */
const TABLE = [
  "10 fwmark 1 1",
  "10/6 20010db8000000000000000000000001:443 1",
  "2 fwmark 1 1",
  "2 fwmark 4294967295 0",
  "2/17 0a000001:53 1",
  "2/6 0a000001:80 2",
  "2/6 0a000002:0 0",
];

/** Opens a capture and lists the table of every snapshot. */
function tables(file: Uint8Array): string[][] {
  return openRecording(file).rounds.map((round) => {
    assert.ok(round.complete, `${round.client}: ${round.incompleteReason}`);
    return listTable(round.play().transport);
  });
}

const CAPTURES: readonly (readonly [file: string, rounds: number, what: string])[] = [
  ["ipvsadm_twice.pcap", 2, "two runs of ipvsadm"],
  ["nanoseconds.pcap", 1, "one run of ipvsadm with nanoseconds"],
  ["dumpcap.pcapng", 1, "one run of ipvsadm in pcapng"],
  ["long_lived_portless.pcap", 3, "three lists from one socket without a port in its requests"],
  ["interleaved.pcap", 11, "eight programs at once"],
];

for (const [name, rounds, what] of CAPTURES) {
  Deno.test(`openRecording() finds the table in every snapshot of ${what}`, () => {
    assert.deepEqual(tables(readData(name)), Array.from({ length: rounds }, () => TABLE));
  });
}

for (const [name, rounds, what] of CAPTURES.filter(([name]) => name.endsWith(".pcap"))) {
  Deno.test(`openRecording() finds the same in a big-endian capture of ${what}`, () => {
    const file = toBigEndian(readData(name));
    assert.ok(readPackets(file).every(({ littleEndian }) => !littleEndian));
    assert.deepEqual(tables(file), Array.from({ length: rounds }, () => TABLE));
  });
}

Deno.test("openRecording() finds snapshots of an empty table", () => {
  assert.deepEqual(tables(readData("empty_table.pcap")), [[], [], []]);
});

Deno.test("openRecording() reports the time and the client of each snapshot", () => {
  const { rounds } = openRecording(readData("ipvsadm_twice.pcap"));
  assert.deepEqual(rounds.map(({ time }) => time), [
    1_795_311_698_430_104_000n,
    1_795_311_698_655_232_000n,
  ]);
  assert.deepEqual(rounds.map(({ client }) => client), ["process 711", "process 713"]);
  const source = rounds[0]!.play();
  assert.equal(source.now(), rounds[0]!.time);
  assert.equal(source.readProc("ip_vs_stats"), undefined);
});

Deno.test("openRecording() finds the family without a lookup", () => {
  const isLookup = (seen: CapturedPacket) => seen.bytes[4] === 16;
  const packets: CapturedPacket[] = readPackets(readData("ipvsadm_twice.pcap"));
  const rest = packets.filter((packet) => !isLookup(packet));
  assert.ok(rest.length < packets.length);
  assert.deepEqual(tables(pcap(rest)), [TABLE, TABLE]);
});

Deno.test("openRecording() reads a capture of a real kernel in every format", () => {
  const packets: CapturedPacket[] = readPackets(readData("interleaved.pcap"));
  const expected = tables(readData("interleaved.pcap"));
  for (const littleEndian of [true, false]) {
    assert.deepEqual(tables(pcapng(packets, littleEndian)), expected);
    for (const nanoseconds of [true, false]) {
      assert.deepEqual(tables(pcap(packets, { littleEndian, nanoseconds })), expected);
    }
  }
});

Deno.test("Round.play() starts from the beginning each time", () => {
  const round = openRecording(readData("nanoseconds.pcap")).selectRound();
  assert.deepEqual(listTable(round.play().transport), TABLE);
  assert.deepEqual(listTable(round.play().transport), TABLE);
});

/** A capture of one client; the given snapshots lack the end of their list of services. */
function capture(rounds: number, ...incomplete: readonly number[]): Recording {
  const monitor = new Monitor();
  for (let round = 1; round <= rounds; round++) {
    const kernel = new FakeKernel([{ host: round, realServers: 1 }], 5);
    const start = monitor.seen.length;
    monitor.round(kernel, 10 * round);
    if (incomplete.includes(round)) monitor.seen.splice(start + 2, 1);
  }
  return openRecording(pcap(monitor.seen));
}

Deno.test("Recording.selectRound() selects the last complete snapshot, or the one with the number", () => {
  const hosts = (recording: Recording, number?: number) =>
    listTable(recording.selectRound(number).play().transport)[0];
  assert.equal(hosts(capture(3)), "2/6 0a000003:80 1");
  assert.equal(hosts(capture(3, 3)), "2/6 0a000002:80 1");
  assert.equal(hosts(capture(3), 1), "2/6 0a000001:80 1");
  assert.equal(hosts(capture(3, 1), 2), "2/6 0a000002:80 1");
});

Deno.test("Recording.selectRound() reports a missing or incomplete snapshot, and how many there are", () => {
  const reason = "it has no complete list of virtual servers";
  const cases: readonly (readonly [Recording, number | undefined, string])[] = [
    [capture(3), 4, "it has no snapshot 4, only 3 snapshots"],
    [capture(3), 0, "it has no snapshot 0, only 3 snapshots"],
    [capture(3), -1, "it has no snapshot -1, only 3 snapshots"],
    [capture(3), 1.5, "it has no snapshot 1.5, only 3 snapshots"],
    [capture(1), 2, "it has no snapshot 2, only 1 snapshot"],
    [capture(3, 2), 2, `snapshot 2 of 3 is incomplete: ${reason}`],
    [capture(1, 1), undefined, `its only snapshot is incomplete: ${reason}`],
    [capture(2, 1, 2), undefined, `all 2 snapshots are incomplete; the last one: ${reason}`],
  ];
  for (const [recording, number, problem] of cases) {
    assert.throws(() => recording.selectRound(number), {
      name: "CaptureError",
      message: `Cannot read capture: ${problem}`,
    });
  }
});

/** Captures without a list of virtual servers. */
const WITHOUT: Readonly<Record<string, Uint8Array>> = {
  "a capture of other netlink traffic": readData("no_ipvs.pcap"),
  "a capture of changes to the table": readData("no_listing.pcap"),
  "a capture of requests without replies": pcap([{
    time: 1n,
    protocol: 16,
    bytes: ask.services(),
  }]),
  "a capture of another netlink protocol": pcap(
    readPackets(readData("nanoseconds.pcap"))
      .map(({ time, bytes }): CapturedPacket => ({ time, bytes, protocol: 0 })),
  ),
};

for (const [subject, file] of Object.entries(WITHOUT)) {
  Deno.test(`Recording.selectRound() reports that there is no list of virtual servers in ${subject}`, () => {
    assert.throws(() => openRecording(file).selectRound(), {
      name: "CaptureError",
      message: "Cannot read capture: it contains no list of virtual servers",
    });
  });
}

Deno.test("openRecording() rejects a capture with a snap length", () => {
  assert.throws(() => openRecording(readData("snap_length_200.pcap")), {
    name: "CaptureError",
    message: "Cannot read capture: packet 2 at offset 88 was truncated to 200 of 404 bytes; " +
      "capture again without a snap length (tcpdump -s 0)",
  });
});

Deno.test("openRecording() rejects a list of services with something else in it", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([{ mark: 1 }], 5);
  monitor.exchange(kernel, ask.family({ sequence: 1 }));
  monitor.exchange(kernel, ask.services({ sequence: 2 }));
  monitor.seen[3]!.bytes[16] = 5;
  assert.throws(() => openRecording(pcap(monitor.seen)), {
    name: "CaptureError",
    message: "Cannot read capture: packet 4 at offset 220 is malformed: " +
      "Cannot use the message at offset 0: it does not describe a service",
  });
});

/**
 * Opens a capture and lists every table; only documented errors with a one-line message may occur.
 */
function tryAll(file: Uint8Array): void {
  try {
    for (const round of openRecording(file).rounds) {
      const { transport } = round.play();
      try {
        listTable(transport);
      } catch (error) {
        const isDocumented = error instanceof DecodeError || error instanceof NetlinkError ||
          error instanceof NotRecordedError;
        assert.ok(isDocumented, String(error));
      }
    }
  } catch (error) {
    assert.ok(error instanceof CaptureError, String(error));
    assert.match(error.message, /^Cannot read capture: [^\n]+$/);
  }
}

Deno.test("openRecording() throws only CaptureError for arbitrary bytes", () => {
  const magics = [[0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d], [0x0a, 0x0d, 0x0d, 0x0a], []];
  const head = fc.constantFrom(...magics);
  fc.assert(fc.property(head, fc.uint8Array({ maxLength: 400 }), (magic, bytes) => {
    tryAll(concat(Uint8Array.from(magic), bytes));
  }));
});

for (const name of ["nanoseconds.pcap", "dumpcap.pcapng", "long_lived_portless.pcap"]) {
  Deno.test(`openRecording() and replays throw only documented errors for altered bits of ${name}`, () => {
    const file = readData(name);
    const bit = fc.tuple(fc.nat(file.length - 1), fc.nat(7));
    fc.assert(
      fc.property(fc.array(bit, { minLength: 1, maxLength: 8 }), (bits) => {
        const altered = file.slice();
        for (const [at, index] of bits) altered[at]! ^= 1 << index;
        tryAll(altered);
      }),
      manyRuns(3),
    );
  });
}

Deno.test("openRecording() finds no complete snapshot in a truncated capture", () => {
  const file = readData("nanoseconds.pcap");
  const ends = new Set(readPackets(file).map(({ offset }) => offset));
  for (let length = 0; length < file.length; length += 7) {
    if (!ends.has(length)) {
      assert.throws(() => openRecording(file.subarray(0, length)), CaptureError);
    }
  }
  for (const length of ends) {
    assert.throws(() => openRecording(file.subarray(0, length)).selectRound(), CaptureError);
  }
});
