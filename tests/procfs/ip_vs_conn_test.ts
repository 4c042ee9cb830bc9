import assert from "node:assert/strict";
import fc from "fast-check";
import { DecodeError } from "../../lib/netlink/errors.ts";
import { ConnectionParser } from "../../lib/procfs/ip_vs_conn.ts";
import { type ConnectionLine, ORIGINS } from "../../lib/procfs/ip_vs_conn_line.ts";
import { anyEntry, chunksOf, type Entry, entry, fileOf, inet } from "../_connections.ts";

const HEADS = ["Expires PEName PEData", "Expires", "Origin Expires"].map((last) =>
  `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       ${last}\n`
);
const PROTOCOLS = new Map([["IP", 0], ["TCP", 6], ["UDP", 17], ["IP_51", 51], ["ICMPv6", 58]])
  .set("SCTP", 132);

/** What the parser makes of chunks. */
function parse(chunks: readonly Uint8Array[], maxLines?: number) {
  const lines: (ConnectionLine & { stateName: string })[] = [];
  const parser = new ConnectionParser((line) => {
    const stateName = parser.states[line.state]!;
    lines.push({ ...line, addresses: line.addresses.slice(), stateName });
  }, maxLines);
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return { lines, parser };
}

function parseText(text: string) {
  return parse([new TextEncoder().encode(text)]).lines;
}

/** The words of an address in the file. */
function wordsOf(address: string): number[] {
  const digits = address.replaceAll(":", "").padEnd(32, "0");
  return [0, 8, 16, 24].map((at) => parseInt(digits.slice(at, at + 8), 16));
}

function expected(one: Entry, hasOrigin: boolean) {
  return {
    protocol: PROTOCOLS.get(one.protocol),
    isInet6: one.client.includes(":"),
    isDestinationInet6: one.real.includes(":"),
    addresses: Uint32Array.from([one.client, one.virtual, one.real].flatMap(wordsOf)),
    clientPort: one.clientPort,
    virtualPort: one.port,
    destinationPort: one.realPort,
    stateName: one.state,
    origin: hasOrigin ? ORIGINS.indexOf(one.origin) : -1,
    expires: one.expires,
  };
}

Deno.test("ConnectionParser finds the same entries wherever the file is cut into chunks", () => {
  fc.assert(fc.property(
    fc.array(anyEntry, { maxLength: 8 }),
    fc.boolean(),
    fc.array(fc.nat(), { maxLength: 12 }),
    (entries, hasOrigin, borders) => {
      const { lines } = parse(chunksOf(fileOf(entries, hasOrigin), borders));
      assert.deepEqual(
        lines.map(({ state: _, ...line }) => line),
        entries.map((one) => expected(one, hasOrigin)),
      );
    },
  ));
});

Deno.test("ConnectionParser skips the data of a persistence engine", () => {
  const line = "UDP 0A010002 0000 C0000201 13C4 0A020102 13C4 NONE            299 sip a b,c é\n";
  const [first, second] = parseText(`${HEADS[0]}${line}${line}`);
  assert.deepEqual([first!.expires, second!.expires, second!.clientPort], [299, 299, 0]);
});

Deno.test("ConnectionParser reads files of old kernels, without columns of an engine", () => {
  const text = fileOf([entry()], false).replace(/^.*\n/, HEADS[1]!);
  assert.equal(parseText(text)[0]!.expires, 899);
});

Deno.test("ConnectionParser takes a negative time, printed as unsigned, as overdue", () => {
  const text = fileOf([entry()]).replace("    899\n", "73786976294838206\n");
  assert.equal(parseText(text)[0]!.expires, 0);
});

Deno.test("ConnectionParser accepts a table without connections", () => {
  for (const head of HEADS) assert.deepEqual(parseText(head), []);
});

Deno.test("ConnectionParser stops after the limit, and knows whether there was more", () => {
  const entries = [entry(), entry({ expires: 1 }), entry({ expires: 2 })];
  const chunks = chunksOf(fileOf(entries), [100, 190]);
  for (const [limit, isFull] of [[2, true], [3, false]] as const) {
    const { lines, parser } = parse(chunks, limit);
    assert.deepEqual([lines.length, parser.lines, parser.isFull], [limit, limit, isFull]);
  }
});

Deno.test("ConnectionParser refuses lines that differ in one character, with their number", () => {
  const good = fileOf([entry(), entry({ expires: 7 })]);
  const at = good.lastIndexOf("TCP");
  const line = good.slice(at);
  for (let i = 0; i < line.length; i++) {
    // State names are any words; one more digit or space is as good as before.
    if (i >= 46 && i < 58) continue;
    for (const character of ["~", "\t"]) {
      const bad = `${good.slice(0, at + i)}${character}${good.slice(at + i + 1)}`;
      assert.throws(
        () => parseText(bad),
        (error) => error instanceof DecodeError && /[Ll]ine,? 3\b/.test(error.message),
        JSON.stringify(bad.slice(at)),
      );
    }
  }
});

const REFUSED: readonly [name: string, text: string, message: RegExp][] = [
  ["an empty file", "", /^The file is empty/],
  ["another file", "IP Virtual Server version 1.2.1 (size=4096)\n", /does not begin with the head/],
  ["a cut heading", "Pro FromIP", /^The last line, 1, is not complete/],
  ["a cut line", fileOf([entry()]).slice(0, -1), /^The last line, 2, is not complete/],
  ["an unknown protocol", fileOf([entry({ protocol: "XYZ" })]), /^Line 2 is not a connection/],
  ["a large protocol", fileOf([entry({ protocol: "IP_256" })]), /^Line 2 is not a connection/],
  ["an empty line", `${fileOf([entry()])}\n`, /^Line 3 is not a connection: ""/],
  ["a line that never ends", `${HEADS[0]}${"x".repeat(2000)}`, /^Line 2 is not a connection/],
  ["a long state", fileOf([entry({ state: "S".repeat(33) })]), /^Line 2 is not a connection/],
  ["both families", fileOf([entry({ client: "2001:0db8" + ":0000".repeat(6) })]), /^Line 2 is/],
  [
    "too many states",
    fileOf(Array.from({ length: 257 }, (_, i) => entry({ state: `S${i}` }))),
    /^Line 258 is not a connection/,
  ],
];

for (const [name, text, message] of REFUSED) {
  Deno.test(`ConnectionParser refuses ${name}`, () => {
    assert.throws(() => parseText(text), (error) => {
      assert.ok(error instanceof DecodeError);
      assert.match(error.message, message);
      assert.ok(error.message.length < 250);
      return true;
    });
  });
}

Deno.test("ConnectionParser reads addresses as numbers", () => {
  const [line] = parseText(fileOf([entry({ client: inet("10.0.0.1") })]));
  assert.equal(line!.addresses[0], 0x0a000001);
});
