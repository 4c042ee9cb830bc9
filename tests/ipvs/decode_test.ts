import assert from "node:assert/strict";
import { Decoder } from "../../lib/ipvs/decode.ts";
import {
  CONFIG,
  DAEMON,
  DESTINATION,
  INFO,
  PRESENT,
  SERVICE,
  STATS,
} from "../../lib/ipvs/columns.ts";
import {
  CONFIG_TABLE,
  DAEMON_TABLE,
  DESTINATION_TABLE,
  INFO_TABLE,
  SERVICE_TABLE,
  type Table,
  WIDTH,
  type WireType,
} from "../../lib/ipvs/schema.ts";
import { fromHalves } from "../../lib/netlink/byte_order.ts";
import { addressBytes, type MessageWriter } from "../_netlink_messages.ts";
import { answer, daemon, decode, destination, service, stats } from "./_replies.ts";

const SERVICES = { table: SERVICE_TABLE, width: SERVICE.width };
const DESTINATIONS = { table: DESTINATION_TABLE, width: DESTINATION.width };
const DAEMONS = { table: DAEMON_TABLE, width: DAEMON.width };
const INFOS = { table: INFO_TABLE, width: INFO.width };
const CONFIGS = { table: CONFIG_TABLE, width: CONFIG.width };

const ORDERS = [["little-endian", false], ["big-endian", true]] as const;

function bits(...numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + 2 ** number, 0);
}

function raw(record: Uint32Array, slot: number, words = 4): number[] {
  return [...new Uint8Array(record.slice(slot, slot + words).buffer)];
}

function text(record: Uint32Array, slot: number): string {
  return String.fromCharCode(...raw(record, slot)).replace(/\0+$/, "");
}

/** The ten values of the stats, in the order of their numbers. */
function values(record: Uint32Array): (number | bigint)[] {
  return Object.values(STATS).map((slot) => fromHalves(record[slot]!, record[slot + 1]!));
}

function upFrom(first: bigint): (number | bigint)[] {
  return Array.from({ length: 10 }, (_, i) => {
    const value = first + BigInt(i);
    return value < 2n ** 53n ? Number(value) : value;
  });
}

for (const [order, bigEndian] of ORDERS) {
  Deno.test(`Decoder reads every attribute of a ${order} service`, () => {
    const record = decode(SERVICES, answer(service, bigEndian));
    assert.equal(record[PRESENT], bits(1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12));
    assert.equal(record[SERVICE.addressFamily], 10);
    assert.equal(record[SERVICE.protocol], 17);
    assert.deepEqual(raw(record, SERVICE.address), addressBytes("2001:db8::1"));
    assert.equal(record[SERVICE.port], 0x1234);
    assert.equal(record[SERVICE.fwmark], 0);
    assert.equal(text(record, SERVICE.schedName), "wlc");
    assert.equal(text(record, SERVICE.peName), "sip");
    assert.equal(record[SERVICE.flags], 0x80000007);
    assert.equal(record[SERVICE.timeout], 0xfffffffe);
    assert.equal(record[SERVICE.netmask], 64);
    assert.deepEqual(values(record), upFrom(2n ** 64n - 10n));
  });

  Deno.test(`Decoder reads every attribute of a ${order} destination`, () => {
    const record = decode(DESTINATIONS, answer(destination, bigEndian));
    assert.equal(record[PRESENT], bits(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    assert.deepEqual(raw(record, DESTINATION.address), addressBytes("2001:db8::2"));
    assert.equal(record[DESTINATION.port], 8080);
    assert.equal(record[DESTINATION.forwardingMethod], 0x80000102);
    assert.equal(record[DESTINATION.weight], 2147483647);
    assert.equal(record[DESTINATION.upperThreshold], 0xfffffffd);
    assert.equal(record[DESTINATION.lowerThreshold], 12);
    assert.equal(record[DESTINATION.activeConnections], 13);
    assert.equal(record[DESTINATION.inactiveConnections], 14);
    assert.equal(record[DESTINATION.persistentConnections], 15);
    assert.equal(record[DESTINATION.addressFamily], 10);
    assert.equal(record[DESTINATION.tunnelType], 1);
    assert.equal(record[DESTINATION.tunnelPort], 6080);
    assert.equal(record[DESTINATION.tunnelFlags], 2);
    assert.deepEqual(values(record), upFrom(2n ** 53n));
  });

  Deno.test(`Decoder reads every attribute of a ${order} sync daemon`, () => {
    const record = decode(DAEMONS, answer(daemon, bigEndian));
    assert.equal(record[PRESENT], bits(1, 2, 3, 4, 5, 6, 7, 8));
    assert.equal(record[DAEMON.state], 2);
    assert.equal(text(record, DAEMON.mcastIfn), "eth0");
    assert.equal(record[DAEMON.syncId], 200);
    assert.equal(record[DAEMON.syncMaxlen], 1460);
    assert.deepEqual(raw(record, DAEMON.mcastGroup, 1), [224, 0, 0, 81]);
    assert.deepEqual(raw(record, DAEMON.mcastGroup6), addressBytes("ff02::51"));
    assert.equal(record[DAEMON.mcastPort], 8848);
    assert.equal(record[DAEMON.mcastTtl], 7);
  });

  Deno.test(`Decoder reads ${order} info and timeouts, which are not nested`, () => {
    const info = answer((writer) => writer.u32(1, 0x010201).u32(2, 4096), bigEndian);
    assert.deepEqual([...decode(INFOS, info)], [bits(1, 2), 0x010201, 4096]);
    const config = answer((writer) => writer.u32(4, 900).u32(5, 120).u32(6, 0xffffffff), bigEndian);
    assert.deepEqual([...decode(CONFIGS, config)], [bits(4, 5, 6), 900, 120, 0xffffffff]);
  });
}

Deno.test("Decoder reads a mark up to 4294967295 of a service without protocol, address and port", () => {
  const record = decode(
    SERVICES,
    answer((writer) => {
      writer.attribute(1, () => writer.u16(1, 2).u32(5, 0xffffffff).text(6, "rr"));
    }),
  );
  assert.equal(record[SERVICE.fwmark], 0xffffffff);
  const { protocol, port, address } = SERVICE;
  assert.deepEqual([protocol, port, address, address + 3].map((slot) => record[slot]), [
    ...[0, 0, 0, 0],
  ]);
});

type Nest = readonly [type: number, first: bigint, wide: boolean];

function serviceWithStats(...nests: readonly Nest[]) {
  return answer((writer) => {
    writer.attribute(1, () => {
      writer.u16(1, 2).text(6, "rr");
      for (const [type, first, wide] of nests) stats(writer, type, first, wide);
    });
  });
}

Deno.test("Decoder takes STATS64 whether STATS comes before it or after it", () => {
  const narrow: Nest = [10, 1n, false], wide: Nest = [12, 2n ** 40n, true];
  for (const nests of [[narrow, wide], [wide, narrow]]) {
    const record = decode(SERVICES, serviceWithStats(...nests));
    assert.deepEqual(values(record), upFrom(2n ** 40n));
  }
});

Deno.test("Decoder takes STATS where there is no STATS64, with 64 bits of the bytes", () => {
  const record = decode(SERVICES, serviceWithStats([10, 2n ** 40n + 1n, false]));
  const expected = [1, 2, 3, 2 ** 40 + 4, 2 ** 40 + 5, 6, 7, 8, 9, 10];
  assert.deepEqual(values(record), expected);
  assert.equal(record[PRESENT], bits(1, 6, 10));
});

Deno.test("Decoder does not read STATS if there is STATS64", () => {
  const datagram = answer((writer) => {
    writer.attribute(1, () => {
      writer.u16(1, 2).text(6, "rr").attribute(10, () => writer.u32(1, 5));
      stats(writer, 12, 1n, true);
    });
  });
  assert.deepEqual(values(decode(SERVICES, datagram)), upFrom(1n));
});

/** Writes the table's nests around what `fill` writes into the innermost. */
function nested(writer: MessageWriter, path: readonly number[], fill: () => void): void {
  const [first, ...rest] = path;
  if (first === undefined) fill();
  else writer.attribute(first, () => nested(writer, rest, fill));
}

interface Leaf {
  readonly name: string;
  readonly type: WireType;
  readonly number: number;
  readonly path: readonly number[];
  readonly table: Table;
}

/** Every value of a table and of the nests in it. */
function leaves(table: Table, path: readonly number[] = []): Leaf[] {
  const inside = table.envelope === undefined ? path : [...path, table.envelope];
  return [...table.attributes].flatMap(([number, attribute]) =>
    "nest" in attribute
      ? leaves(attribute.nest, [...inside, number])
      : "type" in attribute
      ? [{ name: attribute.name, type: attribute.type, number, path: inside, table }]
      : []
  );
}

/** Writes what a table requires, so that only the width under test is wrong. */
function required(writer: MessageWriter, table: Table, except: number): void {
  for (const number of table.required) {
    const attribute = table.attributes.get(number);
    if (number === except || attribute === undefined || !("type" in attribute)) continue;
    writer.bytes(number, new Uint8Array(WIDTH[attribute.type]));
  }
}

for (const kind of [SERVICES, DESTINATIONS, DAEMONS, INFOS, CONFIGS]) {
  for (const leaf of leaves(kind.table)) {
    const place = leaf.path.length > 1 ? ` in attribute ${leaf.path.at(-1)}` : "";
    Deno.test(`Decoder refuses ${leaf.name}${place} of ${kind.table.name} of a wrong width`, () => {
      const width = WIDTH[leaf.type];
      const wrong = leaf.type === "text" ? [0, 17, 20] : [0, width - 1, width + 1, 2 * width];
      for (const actual of wrong) {
        let offset = 0;
        const datagram = answer((writer) => {
          const outer = leaf.path.length > 1;
          nested(writer, leaf.path.slice(0, 1), () => {
            if (outer) required(writer, kind.table, leaf.path[1]!);
            nested(writer, leaf.path.slice(1), () => {
              offset = writer.length + 4;
              writer.bytes(leaf.number, new Uint8Array(actual));
              required(writer, leaf.table, leaf.number);
            });
          });
        });
        assert.throws(() => decode(kind, datagram), {
          name: "DecodeError",
          message: `Cannot decode ${leaf.name} at offset ${offset}: ${actual} bytes, not ${width}`,
        });
      }
    });
  }
}

Deno.test("Decoder takes names of 1 to 16 bytes, with or without a NUL", () => {
  const name = "abcdefghijklmnop";
  for (let length = 1; length <= 16; length++) {
    for (const ending of length < 16 ? ["", "\0"] : [""]) {
      const record = decode(
        SERVICES,
        answer((writer) => {
          const bytes = new TextEncoder().encode(name.slice(0, length) + ending);
          writer.attribute(1, () => writer.u16(1, 2).bytes(6, bytes));
        }),
      );
      assert.equal(text(record, SERVICE.schedName), name.slice(0, length));
    }
  }
});

Deno.test("Decoder refuses an answer without its envelope", () => {
  for (const [kind, name] of [[SERVICES, "SERVICE"], [DESTINATIONS, "DEST"], [DAEMONS, "DAEMON"]]) {
    assert.throws(() => decode(kind as typeof SERVICES, answer((writer) => writer.u32(30, 1))), {
      name: "DecodeError",
      message: `Cannot decode the reply at offset 20: no IPVS_CMD_ATTR_${name}`,
    });
  }
});

/** Attributes without which each table means nothing. */
const REQUIRED = [
  [SERVICES, service, { 1: "IPVS_SVC_ATTR_AF", 6: "IPVS_SVC_ATTR_SCHED_NAME" }],
  [DESTINATIONS, destination, {
    1: "IPVS_DEST_ATTR_ADDR",
    2: "IPVS_DEST_ATTR_PORT",
    3: "IPVS_DEST_ATTR_FWD_METHOD",
    4: "IPVS_DEST_ATTR_WEIGHT",
  }],
  [DAEMONS, daemon, { 1: "IPVS_DAEMON_ATTR_STATE" }],
] as const;

for (const [kind, fill, names] of REQUIRED) {
  Deno.test(`Decoder refuses ${kind.table.name} without an attribute that it needs`, () => {
    for (const [number, name] of Object.entries(names)) {
      const datagram = answer(fill);
      // An attribute that nobody knows takes its place.
      const at = findAttribute(datagram.view, 24, datagram.length, Number(number));
      datagram.view.setUint16(at + 2, 99, true);
      assert.throws(() => decode(kind, datagram), {
        name: "DecodeError",
        message: `Cannot decode ${kind.table.name} at offset 20: no ${name}`,
      });
    }
  });
}

function findAttribute(view: DataView, start: number, end: number, type: number): number {
  for (let at = start; at < end; at += (view.getUint16(at, true) + 3) & ~3) {
    if (view.getUint16(at + 2, true) === type) return at;
  }
  throw new Error(`No attribute ${type}`);
}

Deno.test("Decoder refuses stats that lack one of their ten values", () => {
  const names = [
    ...["CONNS", "INPKTS", "OUTPKTS", "INBYTES", "OUTBYTES"],
    ...["CPS", "INPPS", "OUTPPS", "INBPS", "OUTBPS"],
  ];
  names.forEach((name, missing) => {
    const datagram = answer((writer) => {
      writer.attribute(1, () => {
        writer.u16(1, 2).text(6, "rr").attribute(12, () => {
          for (let i = 1; i <= 10; i++) if (i !== missing + 1) writer.u64(i, 1n);
        });
      });
    });
    assert.throws(() => decode(SERVICES, datagram), {
      message: `Cannot decode IPVS_SVC_ATTR_STATS64 at offset 20: no IPVS_STATS_ATTR_${name}`,
    });
  });
});

Deno.test("Decoder skips and counts attributes that it does not know, at every level", () => {
  const decoder = new Decoder(SERVICE_TABLE, SERVICE.width);
  const datagram = answer((writer) => {
    writer.u32(40, 1).attribute(1, () => {
      writer.bytes(41, [1, 2, 3]).u16(1, 2).text(6, "rr").attribute(10, () => {
        for (let i = 1; i <= 10; i++) {
          if (i === 4 || i === 5) writer.u64(i, 1n);
          else writer.u32(i, 1);
        }
        writer.u8(42, 1);
      });
    });
  });
  for (const expected of [3, 6]) {
    const record = decode(SERVICES, datagram, decoder);
    assert.deepEqual(values(record), upFrom(1n).map(() => 1));
    assert.equal(record[PRESENT], bits(1, 6, 10));
    assert.equal(decoder.unknown, expected);
  }
});

Deno.test("Decoder ignores IPVS_STATS_ATTR_PAD and does not count it", () => {
  const decoder = new Decoder(DESTINATION_TABLE, DESTINATION.width);
  const datagram = answer((writer) => {
    writer.attribute(2, () => {
      writer.bytes(1, new Uint8Array(16)).be16(2, 80).u32(3, 0).u32(4, 1).attribute(12, () => {
        for (let i = 1; i <= 10; i++) writer.bytes(11, []).u64(i, BigInt(i));
      });
    });
  });
  const record = decode(DESTINATIONS, datagram, decoder);
  assert.deepEqual(values(record), upFrom(1n));
  assert.equal(decoder.unknown, 0);
});

Deno.test("Decoder takes the last of several attributes of one type, as the kernel does", () => {
  const record = decode(
    SERVICES,
    answer((writer) => {
      writer.attribute(1, () => writer.u16(1, 2).text(6, "long-name").u16(1, 10).text(6, "rr"));
    }),
  );
  assert.equal(record[SERVICE.addressFamily], 10);
  assert.equal(text(record, SERVICE.schedName), "rr");
});

Deno.test("Decoder ignores the bits of nesting and byte order in a type", () => {
  const datagram = answer(service);
  const plain = decode(SERVICES, datagram);
  datagram.view.setUint16(22, 0x8001, true);
  datagram.view.setUint16(26, 0x4001, true);
  assert.deepEqual(decode(SERVICES, datagram), plain);
});

Deno.test("Decoder ignores what the padding has", () => {
  for (const [kind, fill] of [[SERVICES, service], [DESTINATIONS, destination]] as const) {
    const datagram = answer(fill);
    const expected = decode(kind, datagram);
    for (const at of paddingOf(datagram.view, 24, datagram.length)) datagram.bytes[at] = 0xff;
    assert.deepEqual(decode(kind, datagram), expected);
  }
});

/** Where the padding bytes of one level of attributes are. */
function paddingOf(view: DataView, start: number, end: number): number[] {
  const found: number[] = [];
  for (let at = start; at < end;) {
    const length = view.getUint16(at, true);
    const next = at + ((length + 3) & ~3);
    for (let i = at + length; i < next; i++) found.push(i);
    at = next;
  }
  assert.ok(found.length > 0);
  return found;
}

Deno.test("Decoder keeps the values of many layouts apart", () => {
  const decoder = new Decoder(SERVICE_TABLE, SERVICE.width);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 100; i++) {
      const sched = "s".repeat(1 + i % 15), pe = "p".repeat(1 + i % 7);
      const record = decode(
        SERVICES,
        answer((writer) => {
          writer.attribute(1, () => {
            if (i % 2 === 0) writer.text(11, pe);
            writer.u16(1, 2).text(6, sched).u32(5, 1000 * round + i + 1);
          });
        }),
        decoder,
      );
      assert.equal(record[SERVICE.fwmark], 1000 * round + i + 1);
      assert.equal(text(record, SERVICE.schedName), sched);
      assert.equal(text(record, SERVICE.peName), i % 2 === 0 ? pe : "");
    }
  }
});

Deno.test("Decoder tells layouts of one length apart", () => {
  const decoder = new Decoder(SERVICE_TABLE, SERVICE.width);
  const [timeout, netmask, reversed] = [[8, 9], [9, 8], [9, 60]].map(([first, second]) =>
    answer((writer) => {
      writer.attribute(1, () => writer.u16(1, 2).text(6, "rr").u32(first!, 1).u32(second!, 2));
    })
  );
  for (let i = 0; i < 2; i++) {
    const pairs = [timeout, netmask, reversed].map((datagram) => {
      const record = decode(SERVICES, datagram!, decoder);
      return [record[SERVICE.timeout], record[SERVICE.netmask]];
    });
    assert.deepEqual(pairs, [[1, 2], [2, 1], [0, 1]]);
  }
});

Deno.test("Decoder decodes answers of both byte orders in turn", () => {
  const decoder = new Decoder(INFO_TABLE, INFO.width);
  const little = answer((writer) => writer.u32(1, 0x01020304));
  const big = answer((writer) => writer.u32(1, 0x01020304), true);
  for (let i = 0; i < 2; i++) {
    assert.equal(decode(INFOS, little, decoder)[INFO.version], 0x01020304);
    assert.equal(decode(INFOS, big, decoder)[INFO.version], 0x01020304);
  }
});

Deno.test("Decoder decodes an answer in the middle of a datagram, as at its start", () => {
  const decoder = new Decoder(INFO_TABLE, INFO.width);
  const datagram = answer((writer) => writer.u32(1, 11).u32(2, 12).u32(1, 21).u32(2, 22));
  const record = new Uint32Array(2 * INFO.width);
  decoder.decode(datagram, 20, 36, record, 0);
  decoder.decode(datagram, 36, 52, record, INFO.width);
  assert.deepEqual([...record], [6, 11, 12, 6, 21, 22]);
});
