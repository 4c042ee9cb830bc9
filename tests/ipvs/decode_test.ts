import assert from "node:assert/strict";
import { DAEMON, DESTINATION, INFO, PRESENT, SERVICE } from "../../lib/ipvs/columns.ts";
import { Decoder } from "../../lib/ipvs/decode.ts";
import { DESTINATION_TABLE, INFO_TABLE, SERVICE_TABLE } from "../../lib/ipvs/schema.ts";
import { addressBytes } from "../_netlink_messages.ts";
import {
  bits,
  bytesOf,
  CONFIGS,
  countUp,
  DAEMONS,
  decode,
  DESTINATIONS,
  INFOS,
  SERVICES,
  statsOf,
  textOf,
} from "./_decoded_rows.ts";
import { daemon, destination, reply, service, stats } from "./_replies.ts";

const ORDERS = [["little-endian", false], ["big-endian", true]] as const;

for (const [order, bigEndian] of ORDERS) {
  Deno.test(`Decoder reads every attribute of a ${order} service`, () => {
    const row = decode(SERVICES, reply(service, bigEndian));
    assert.equal(row[PRESENT], bits(1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12));
    assert.equal(row[SERVICE.addressFamily], 10);
    assert.equal(row[SERVICE.protocol], 17);
    assert.deepEqual(bytesOf(row, SERVICE.address), addressBytes("2001:db8::1"));
    assert.equal(row[SERVICE.port], 0x1234);
    assert.equal(row[SERVICE.fwmark], 0);
    assert.equal(textOf(row, SERVICE.schedName), "wlc");
    assert.equal(textOf(row, SERVICE.peName), "sip");
    assert.equal(row[SERVICE.flags], 0x80000007);
    assert.equal(row[SERVICE.timeout], 0xfffffffe);
    assert.equal(row[SERVICE.netmask], 64);
    assert.deepEqual(statsOf(row), countUp(2n ** 64n - 10n));
  });

  Deno.test(`Decoder reads every attribute of a ${order} destination`, () => {
    const row = decode(DESTINATIONS, reply(destination, bigEndian));
    assert.equal(row[PRESENT], bits(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    assert.deepEqual(bytesOf(row, DESTINATION.address), addressBytes("2001:db8::2"));
    assert.equal(row[DESTINATION.port], 8080);
    assert.equal(row[DESTINATION.forwardingMethod], 0x80000102);
    assert.equal(row[DESTINATION.weight], 2147483647);
    assert.equal(row[DESTINATION.upperThreshold], 0xfffffffd);
    assert.equal(row[DESTINATION.lowerThreshold], 12);
    assert.equal(row[DESTINATION.activeConnections], 13);
    assert.equal(row[DESTINATION.inactiveConnections], 14);
    assert.equal(row[DESTINATION.persistentConnections], 15);
    assert.equal(row[DESTINATION.addressFamily], 10);
    assert.equal(row[DESTINATION.tunnelType], 1);
    assert.equal(row[DESTINATION.tunnelPort], 6080);
    assert.equal(row[DESTINATION.tunnelFlags], 2);
    assert.deepEqual(statsOf(row), countUp(2n ** 53n));
  });

  Deno.test(`Decoder reads every attribute of a ${order} sync daemon`, () => {
    const row = decode(DAEMONS, reply(daemon, bigEndian));
    assert.equal(row[PRESENT], bits(1, 2, 3, 4, 5, 6, 7, 8));
    assert.equal(row[DAEMON.state], 2);
    assert.equal(textOf(row, DAEMON.mcastIfn), "eth0");
    assert.equal(row[DAEMON.syncId], 200);
    assert.equal(row[DAEMON.syncMaxlen], 1460);
    assert.deepEqual(bytesOf(row, DAEMON.mcastGroup, 1), [224, 0, 0, 81]);
    assert.deepEqual(bytesOf(row, DAEMON.mcastGroup6), addressBytes("ff02::51"));
    assert.equal(row[DAEMON.mcastPort], 8848);
    assert.equal(row[DAEMON.mcastTtl], 7);
  });

  Deno.test(`Decoder reads ${order} info and timeouts, which are not nested`, () => {
    const info = reply((writer) => writer.u32(1, 0x010201).u32(2, 4096), bigEndian);
    assert.deepEqual([...decode(INFOS, info)], [bits(1, 2), 0x010201, 4096]);
    const config = reply((writer) => writer.u32(4, 900).u32(5, 120).u32(6, 0xffffffff), bigEndian);
    assert.deepEqual([...decode(CONFIGS, config)], [bits(4, 5, 6), 900, 120, 0xffffffff]);
  });
}

Deno.test("Decoder reads fwmarks up to 4294967295, and sets protocol, address and port to 0", () => {
  const row = decode(
    SERVICES,
    reply((writer) => {
      writer.attribute(1, () => writer.u16(1, 2).u32(5, 0xffffffff).text(6, "rr"));
    }),
  );
  assert.equal(row[SERVICE.fwmark], 0xffffffff);
  const { protocol, port, address } = SERVICE;
  assert.deepEqual([protocol, port, address, address + 3].map((column) => row[column]), [
    ...[0, 0, 0, 0],
  ]);
});

type Nest = readonly [type: number, first: bigint, wide: boolean];

function serviceWithStats(...nests: readonly Nest[]) {
  return reply((writer) => {
    writer.attribute(1, () => {
      writer.u16(1, 2).text(6, "rr");
      for (const [type, first, wide] of nests) stats(writer, type, first, wide);
    });
  });
}

Deno.test("Decoder uses STATS64, whether STATS precedes or follows it", () => {
  const narrow: Nest = [10, 1n, false], wide: Nest = [12, 2n ** 40n, true];
  for (const nests of [[narrow, wide], [wide, narrow]]) {
    const row = decode(SERVICES, serviceWithStats(...nests));
    assert.deepEqual(statsOf(row), countUp(2n ** 40n));
  }
});

Deno.test("Decoder uses STATS, with 64-bit byte counters, if STATS64 is absent", () => {
  const row = decode(SERVICES, serviceWithStats([10, 2n ** 40n + 1n, false]));
  const expected = [1, 2, 3, 2 ** 40 + 4, 2 ** 40 + 5, 6, 7, 8, 9, 10];
  assert.deepEqual(statsOf(row), expected);
  assert.equal(row[PRESENT], bits(1, 6, 10));
});

Deno.test("Decoder ignores STATS, even if incomplete, if STATS64 is present", () => {
  const datagram = reply((writer) => {
    writer.attribute(1, () => {
      writer.u16(1, 2).text(6, "rr").attribute(10, () => writer.u32(1, 5));
      stats(writer, 12, 1n, true);
    });
  });
  assert.deepEqual(statsOf(decode(SERVICES, datagram)), countUp(1n));
});

Deno.test("Decoder accepts names of 1 to 16 bytes, with or without a NUL", () => {
  const name = "abcdefghijklmnop";
  for (let length = 1; length <= 16; length++) {
    for (const ending of length < 16 ? ["", "\0"] : [""]) {
      const row = decode(
        SERVICES,
        reply((writer) => {
          const bytes = new TextEncoder().encode(name.slice(0, length) + ending);
          writer.attribute(1, () => writer.u16(1, 2).bytes(6, bytes));
        }),
      );
      assert.equal(textOf(row, SERVICE.schedName), name.slice(0, length));
    }
  }
});

Deno.test("Decoder skips and counts unknown attributes at every level", () => {
  const decoder = new Decoder(SERVICE_TABLE, SERVICE.width);
  const datagram = reply((writer) => {
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
    const row = decode(SERVICES, datagram, decoder);
    assert.deepEqual(statsOf(row), countUp(1n).map(() => 1));
    assert.equal(row[PRESENT], bits(1, 6, 10));
    assert.equal(decoder.unknown, expected);
  }
});

Deno.test("Decoder ignores IPVS_STATS_ATTR_PAD and does not count it", () => {
  const decoder = new Decoder(DESTINATION_TABLE, DESTINATION.width);
  const datagram = reply((writer) => {
    writer.attribute(2, () => {
      writer.bytes(1, new Uint8Array(16)).be16(2, 80).u32(3, 0).u32(4, 1).attribute(12, () => {
        for (let i = 1; i <= 10; i++) writer.bytes(11, []).u64(i, BigInt(i));
      });
    });
  });
  const row = decode(DESTINATIONS, datagram, decoder);
  assert.deepEqual(statsOf(row), countUp(1n));
  assert.equal(decoder.unknown, 0);
});

Deno.test("Decoder uses the last of several attributes of the same type, as the kernel does", () => {
  const row = decode(
    SERVICES,
    reply((writer) => {
      writer.attribute(1, () => writer.u16(1, 2).text(6, "long-name").u16(1, 10).text(6, "rr"));
    }),
  );
  assert.equal(row[SERVICE.addressFamily], 10);
  assert.equal(textOf(row, SERVICE.schedName), "rr");
});

Deno.test("Decoder ignores NLA_F_NESTED and NLA_F_NET_BYTEORDER in types", () => {
  const datagram = reply(service);
  const plain = decode(SERVICES, datagram);
  datagram.view.setUint16(22, 0x8001, true);
  datagram.view.setUint16(26, 0x4001, true);
  assert.deepEqual(decode(SERVICES, datagram), plain);
});

Deno.test("Decoder ignores the contents of padding", () => {
  for (const [kind, fill] of [[SERVICES, service], [DESTINATIONS, destination]] as const) {
    const datagram = reply(fill);
    const expected = decode(kind, datagram);
    for (const at of paddingOf(datagram.view, 24, datagram.length)) datagram.bytes[at] = 0xff;
    assert.deepEqual(decode(kind, datagram), expected);
  }
});

/** The offsets of the padding bytes of one level of attributes. */
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

Deno.test("Decoder decodes replies with many layouts in turn", () => {
  const decoder = new Decoder(SERVICE_TABLE, SERVICE.width);
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 100; i++) {
      const sched = "s".repeat(1 + i % 15), pe = "p".repeat(1 + i % 7);
      const row = decode(
        SERVICES,
        reply((writer) => {
          writer.attribute(1, () => {
            if (i % 2 === 0) writer.text(11, pe);
            writer.u16(1, 2).text(6, sched).u32(5, 1000 * round + i + 1);
          });
        }),
        decoder,
      );
      assert.equal(row[SERVICE.fwmark], 1000 * round + i + 1);
      assert.equal(textOf(row, SERVICE.schedName), sched);
      assert.equal(textOf(row, SERVICE.peName), i % 2 === 0 ? pe : "");
    }
  }
});

Deno.test("Decoder distinguishes layouts of the same length", () => {
  const decoder = new Decoder(SERVICE_TABLE, SERVICE.width);
  const [timeout, netmask, reversed] = [[8, 9], [9, 8], [9, 60]].map(([first, second]) =>
    reply((writer) => {
      writer.attribute(1, () => writer.u16(1, 2).text(6, "rr").u32(first!, 1).u32(second!, 2));
    })
  );
  for (let i = 0; i < 2; i++) {
    const pairs = [timeout, netmask, reversed].map((datagram) => {
      const row = decode(SERVICES, datagram!, decoder);
      return [row[SERVICE.timeout], row[SERVICE.netmask]];
    });
    assert.deepEqual(pairs, [[1, 2], [2, 1], [0, 1]]);
  }
});

Deno.test("Decoder decodes replies in both byte orders in turn", () => {
  const decoder = new Decoder(INFO_TABLE, INFO.width);
  const little = reply((writer) => writer.u32(1, 0x01020304));
  const big = reply((writer) => writer.u32(1, 0x01020304), true);
  for (let i = 0; i < 2; i++) {
    assert.equal(decode(INFOS, little, decoder)[INFO.version], 0x01020304);
    assert.equal(decode(INFOS, big, decoder)[INFO.version], 0x01020304);
  }
});

Deno.test("Decoder decodes replies at any offset of a datagram", () => {
  const decoder = new Decoder(INFO_TABLE, INFO.width);
  const datagram = reply((writer) => writer.u32(1, 11).u32(2, 12).u32(1, 21).u32(2, 22));
  const rows = new Uint32Array(2 * INFO.width);
  decoder.decode(datagram, 20, 36, rows, 0);
  decoder.decode(datagram, 36, 52, rows, INFO.width);
  assert.deepEqual([...rows], [6, 11, 12, 6, 21, 22]);
});
