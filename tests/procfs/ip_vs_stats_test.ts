import assert from "node:assert/strict";
import fc from "fast-check";
import { DecodeError } from "../../lib/netlink/errors.ts";
import { parsePerCpu, parseStats } from "../../lib/procfs/ip_vs_stats.ts";

const STATS = `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
      2A       FF        0         12345678                A

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
       1       10        2              400               1F
`;

const PER_CPU = `       Total Incoming Outgoing         Incoming         Outgoing
CPU    Conns  Packets  Packets            Bytes            Bytes
  0       2A       FF        0         12345678                A
  1        0        0        0                0                0
 1F        1        2        3                4                5
  ~       2B      101        3         1234567C                F

     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
           1       10        2              400               1F
`;

Deno.test("parseStats() reads totals and rates in hexadecimal", () => {
  assert.deepEqual(parseStats(STATS), {
    ...{ connections: 42, pktsIn: 255, pktsOut: 0, bytesIn: 0x12345678, bytesOut: 10 },
    ...{ cps: 1, ppsIn: 16, ppsOut: 2, bytesInPerSecond: 1024, bytesOutPerSecond: 31 },
  });
});

Deno.test("parseStats() reads values wider than their columns", () => {
  const wide = STATS.replace(
    "      2A       FF        0         12345678                A",
    "123456789 FFFFFFFFFFFFFFFF 1FFFFFFFFFFFFF 20000000000000 8000000000000000",
  );
  const { connections, pktsIn, pktsOut, bytesIn, bytesOut } = parseStats(wide);
  assert.deepEqual([connections, pktsIn, pktsOut, bytesIn, bytesOut], [
    ...[0x123456789, 2n ** 64n - 1n, 2 ** 53 - 1, 2n ** 53n, 2n ** 63n],
  ]);
});

Deno.test("parseStats() returns any 64-bit value exactly", () => {
  const value = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(fc.property(fc.array(value, { minLength: 10, maxLength: 10 }), (values) => {
    const hex = values.map((one) => one.toString(16).toUpperCase());
    const text = `a\nb\n ${hex.slice(0, 5).join("  ")}\n\nc\n${hex.slice(5).join(" ")}\n`;
    const { connections, pktsIn, pktsOut, bytesIn, bytesOut, ...rates } = parseStats(text);
    const { cps, ppsIn, ppsOut, bytesInPerSecond, bytesOutPerSecond } = rates;
    const read = [
      ...[connections, pktsIn, pktsOut, bytesIn, bytesOut],
      ...[cps, ppsIn, ppsOut, bytesInPerSecond, bytesOutPerSecond],
    ];
    assert.deepEqual(read.map(BigInt), values);
    for (const one of read) assert.equal(typeof one, one < 2n ** 53n ? "number" : "bigint");
  }));
});

Deno.test("parseStats() reports the file, the line and the text of a value that is not hexadecimal", () => {
  for (const word of ["2G", "-1", "0x2A", "2.5", "10000000000000000"]) {
    assert.throws(() => parseStats(STATS.replace("2A", word)), {
      name: "DecodeError",
      message: `Cannot parse ip_vs_stats line 3: "${word}" is not hexadecimal`,
    });
  }
});

Deno.test("parseStats() reports the file, the line and the number of columns if it is wrong", () => {
  assert.throws(() => parseStats(STATS.replace("               1F", "")), {
    name: "DecodeError",
    message: "Cannot parse ip_vs_stats line 6: 4 columns, not 5",
  });
  assert.throws(() => parseStats(STATS.replace("2A", "2A 1")), {
    message: "Cannot parse ip_vs_stats line 3: 6 columns, not 5",
  });
});

Deno.test("parseStats() rejects a truncated file", () => {
  const lines = STATS.split("\n");
  for (let kept = 0; kept <= 5; kept++) {
    assert.throws(() => parseStats(lines.slice(0, kept).join("\n")), { name: "DecodeError" });
  }
});

Deno.test("parsePerCpu() reads a line for each CPU, with the number in hexadecimal", () => {
  const none = { connections: 0, pktsIn: 0, pktsOut: 0, bytesIn: 0, bytesOut: 0 };
  assert.deepEqual(parsePerCpu(PER_CPU), [
    ...[{ cpu: 0, connections: 42, pktsIn: 255, pktsOut: 0, bytesIn: 0x12345678, bytesOut: 10 }],
    { cpu: 1, ...none },
    { cpu: 31, connections: 1, pktsIn: 2, pktsOut: 3, bytesIn: 4, bytesOut: 5 },
  ]);
});

Deno.test("parsePerCpu() ignores the line with ~ and everything after it", () => {
  const cut = PER_CPU.slice(0, PER_CPU.indexOf("~") + 1);
  assert.deepEqual(parsePerCpu(`${cut} garbage\nand more`), parsePerCpu(PER_CPU));
});

Deno.test("parsePerCpu() returns 64-bit values exactly", () => {
  const wide = PER_CPU.replace("12345678", "FFFFFFFFFFFFFFFE");
  assert.equal(parsePerCpu(wide)[0]!.bytesIn, 2n ** 64n - 2n);
});

Deno.test("parsePerCpu() reports the line with a wrong number of columns or a wrong digit", () => {
  assert.throws(() => parsePerCpu(PER_CPU.replace(" 1F        1", " 1F")), {
    name: "DecodeError",
    message: "Cannot parse ip_vs_stats_percpu line 5: 5 columns, not 6",
  });
  assert.throws(() => parsePerCpu(PER_CPU.replace("2A", "z")), {
    name: "DecodeError",
    message: 'Cannot parse ip_vs_stats_percpu line 3: "z" is not hexadecimal',
  });
});

Deno.test("parsePerCpu() rejects a file without the line with ~", () => {
  const lines = PER_CPU.split("\n");
  assert.throws(() => parsePerCpu(lines.slice(0, 5).join("\n")), {
    name: "DecodeError",
    message: "Cannot parse ip_vs_stats_percpu: the line with the totals is missing",
  });
  assert.throws(() => parsePerCpu(""), DecodeError);
});

Deno.test("parsePerCpu() rejects a CPU that occurs twice", () => {
  for (const number of ["1F", "001f"]) {
    const text = PER_CPU.replace("  1     ", `${number.padStart(3)}     `);
    assert.throws(() => parsePerCpu(text), {
      name: "DecodeError",
      message: "Cannot parse ip_vs_stats_percpu line 5: CPU 31 occurs twice",
    });
  }
});

Deno.test("parsePerCpu() rejects a CPU number that exceeds 32 bits", () => {
  for (const number of ["100000000", "20000000000001", "FFFFFFFFFFFFFFFF"]) {
    assert.throws(() => parsePerCpu(PER_CPU.replace(" 1F  ", ` ${number}  `)), {
      name: "DecodeError",
      message: `Cannot parse ip_vs_stats_percpu line 5: "${number}" is not a CPU number`,
    });
  }
});

Deno.test("parseStats() and parsePerCpu() throw only DecodeError for any text", () => {
  const altered = (text: string) =>
    fc.array(fc.tuple(fc.nat(text.length), fc.string({ maxLength: 3 })), { maxLength: 4 }).map(
      (edits) =>
        edits.reduce((all, [at, with_]) => all.slice(0, at) + with_ + all.slice(at + 1), text),
    );
  const text = fc.oneof(altered(STATS), altered(PER_CPU), fc.string());
  fc.assert(fc.property(text, (text) => {
    for (const parse of [parseStats, parsePerCpu]) {
      try {
        parse(text);
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error));
      }
    }
  }));
});
