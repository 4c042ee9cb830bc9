import assert from "node:assert/strict";
import fc from "fast-check";
import { DecodeError, NetlinkError } from "../../lib/netlink/errors.ts";
import { NotRecordedError } from "../../lib/netlink/transport.ts";
import { CaptureError } from "../../lib/capture/error.ts";
import { readPackets } from "../../lib/capture/packets.ts";
import { openRecording, type Recording } from "../../lib/capture/recording.ts";
import { manyRuns } from "../_runs.ts";
import { toBigEndian } from "./_big_endian.ts";
import { pcap, pcapng } from "./_files.ts";
import { ask, concat, FakeKernel, Monitor, readData, type Seen } from "./_fixtures.ts";
import { listTable } from "./_list.ts";

/** The table of `data/README.md`: each virtual server and the number of its real servers. */
const TABLE = [
  "10 mark 1 1",
  "10/6 20010db8000000000000000000000001:443 1",
  "2 mark 1 1",
  "2 mark 4294967295 0",
  "2/17 0a000001:53 1",
  "2/6 0a000001:80 2",
  "2/6 0a000002:0 0",
];

/** Opens a capture and lists the table in each of its rounds. */
function tables(file: Uint8Array): string[][] {
  return openRecording(file).rounds.map((round) => {
    assert.ok(round.whole, `${round.client}: ${round.gap}`);
    return listTable(round.play().transport);
  });
}

const CAPTURES: readonly (readonly [file: string, rounds: number, what: string])[] = [
  ["ipvsadm_twice.pcap", 2, "two runs of ipvsadm"],
  ["nanoseconds.pcap", 1, "one run of ipvsadm in nanoseconds"],
  ["dumpcap.pcapng", 1, "one run of ipvsadm in pcapng"],
  ["long_lived_portless.pcap", 3, "three rounds of one socket whose requests name no port"],
  ["interleaved.pcap", 11, "eight programs at once"],
];

for (const [name, rounds, what] of CAPTURES) {
  Deno.test(`openRecording() finds the table in each round of ${what}`, () => {
    assert.deepEqual(tables(readData(name)), Array.from({ length: rounds }, () => TABLE));
  });
}

for (const [name, rounds, what] of CAPTURES.filter(([name]) => name.endsWith(".pcap"))) {
  Deno.test(`openRecording() finds the same in ${what} from a big-endian machine`, () => {
    const file = toBigEndian(readData(name));
    assert.ok(readPackets(file).every(({ littleEndian }) => !littleEndian));
    assert.deepEqual(tables(file), Array.from({ length: rounds }, () => TABLE));
  });
}

Deno.test("openRecording() finds the rounds of an empty table", () => {
  assert.deepEqual(tables(readData("empty_table.pcap")), [[], [], []]);
});

Deno.test("openRecording() gives each round its time and its client", () => {
  const { rounds } = openRecording(readData("ipvsadm_twice.pcap"));
  assert.deepEqual(rounds.map(({ time }) => time), [
    1_795_311_698_430_104_000n,
    1_795_311_698_655_232_000n,
  ]);
  assert.deepEqual(rounds.map(({ client }) => client), ["process 711", "process 713"]);
  const moment = rounds[0]!.play();
  assert.equal(moment.now(), rounds[0]!.time);
  assert.equal(moment.readProc("ip_vs_stats"), undefined);
});

Deno.test("openRecording() needs no lookup to know the family", () => {
  const isLookup = (seen: Seen) => seen.bytes[4] === 16;
  const packets: Seen[] = readPackets(readData("ipvsadm_twice.pcap"));
  const rest = packets.filter((packet) => !isLookup(packet));
  assert.ok(rest.length < packets.length);
  assert.deepEqual(tables(pcap(rest)), [TABLE, TABLE]);
});

Deno.test("openRecording() reads a capture of a real kernel in every format", () => {
  const packets: Seen[] = readPackets(readData("interleaved.pcap"));
  const whole = tables(readData("interleaved.pcap"));
  for (const littleEndian of [true, false]) {
    assert.deepEqual(tables(pcapng(packets, littleEndian)), whole);
    for (const nanoseconds of [true, false]) {
      assert.deepEqual(tables(pcap(packets, { littleEndian, nanoseconds })), whole);
    }
  }
});

Deno.test("Round.play() begins anew each time", () => {
  const round = openRecording(readData("nanoseconds.pcap")).selectRound();
  assert.deepEqual(listTable(round.play().transport), TABLE);
  assert.deepEqual(listTable(round.play().transport), TABLE);
});

/** A capture of rounds of one client, of which those named lack the end of the listing. */
function capture(rounds: number, ...broken: readonly number[]): Recording {
  const monitor = new Monitor();
  for (let round = 1; round <= rounds; round++) {
    const kernel = new FakeKernel([{ host: round, realServers: 1 }], 5);
    const start = monitor.seen.length;
    monitor.round(kernel, 10 * round);
    if (broken.includes(round)) monitor.seen.splice(start + 2, 1);
  }
  return openRecording(pcap(monitor.seen));
}

Deno.test("Recording.selectRound() takes the last whole round, or the one with the number", () => {
  const hosts = (recording: Recording, number?: number) =>
    listTable(recording.selectRound(number).play().transport)[0];
  assert.equal(hosts(capture(3)), "2/6 0a000003:80 1");
  assert.equal(hosts(capture(3, 3)), "2/6 0a000002:80 1");
  assert.equal(hosts(capture(3), 1), "2/6 0a000001:80 1");
  assert.equal(hosts(capture(3, 1), 2), "2/6 0a000002:80 1");
});

Deno.test("Recording.selectRound() says which round there is not, and how many there are", () => {
  const gap = "it has no complete list of virtual servers";
  const cases: readonly (readonly [Recording, number | undefined, string])[] = [
    [capture(3), 4, "it has 3 snapshots, not 4"],
    [capture(3), 0, "it has 3 snapshots, not 0"],
    [capture(3), -1, "it has 3 snapshots, not -1"],
    [capture(3), 1.5, "it has 3 snapshots, not 1.5"],
    [capture(3, 2), 2, `snapshot 2 of 3 is incomplete: ${gap}`],
    [capture(2, 1, 2), undefined, `it has no complete snapshot; the last of 2: ${gap}`],
  ];
  for (const [recording, number, reason] of cases) {
    assert.throws(() => recording.selectRound(number), {
      name: "CaptureError",
      message: `Cannot read capture: ${reason}`,
    });
  }
});

const WITHOUT: Readonly<Record<string, Uint8Array>> = {
  "a capture of other netlink traffic": readData("no_ipvs.pcap"),
  "a capture in which the table was changed but not listed": readData("no_listing.pcap"),
  "a capture of requests alone": pcap([{ time: 1n, protocol: 16, bytes: ask.services() }]),
  "a capture of a netlink protocol that is not generic": pcap(
    readPackets(readData("nanoseconds.pcap"))
      .map(({ time, bytes }): Seen => ({ time, bytes, protocol: 0 })),
  ),
};

for (const [subject, file] of Object.entries(WITHOUT)) {
  Deno.test(`Recording.selectRound() says that nobody lists the table in ${subject}`, () => {
    assert.throws(() => openRecording(file).selectRound(), {
      name: "CaptureError",
      message: "Cannot read capture: it has no IPVS listing",
    });
  });
}

Deno.test("openRecording() refuses a capture that a snap length cut", () => {
  assert.throws(() => openRecording(readData("snap_length_200.pcap")), {
    name: "CaptureError",
    message: "Cannot read capture: packet 2 at offset 88 was cut to 200 of 404 bytes",
  });
});

Deno.test("openRecording() refuses a listing that holds something else than services", () => {
  const monitor = new Monitor();
  const kernel = new FakeKernel([{ mark: 1 }], 5);
  monitor.exchange(kernel, ask.family({ sequence: 1 }));
  monitor.exchange(kernel, ask.services({ sequence: 2 }));
  monitor.seen[3]!.bytes[16] = 5;
  assert.throws(() => openRecording(pcap(monitor.seen)), {
    name: "CaptureError",
    message: "Cannot read capture: packet 4 at offset 220 is damaged: " +
      "Cannot use the message at offset 0: it is no service",
  });
});

/** Opens and lists; only the errors that say what is wrong may come out, each in one line. */
function tryAll(file: Uint8Array): void {
  try {
    for (const round of openRecording(file).rounds) {
      const { transport } = round.play();
      try {
        listTable(transport);
      } catch (error) {
        const isKnown = error instanceof DecodeError || error instanceof NetlinkError ||
          error instanceof NotRecordedError;
        assert.ok(isKnown, String(error));
      }
    }
  } catch (error) {
    assert.ok(error instanceof CaptureError, String(error));
    assert.match(error.message, /^Cannot read capture: [^\n]+$/);
  }
}

Deno.test("openRecording() throws nothing but CaptureError on arbitrary bytes", () => {
  const magics = [[0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d], [0x0a, 0x0d, 0x0d, 0x0a], []];
  const head = fc.constantFrom(...magics);
  fc.assert(fc.property(head, fc.uint8Array({ maxLength: 400 }), (magic, bytes) => {
    tryAll(concat(Uint8Array.from(magic), bytes));
  }));
});

for (const name of ["nanoseconds.pcap", "dumpcap.pcapng", "long_lived_portless.pcap"]) {
  Deno.test(`openRecording() and its replay throw only known errors on altered bits of ${name}`, () => {
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

Deno.test("openRecording() never finds more in a capture that was cut off", () => {
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
