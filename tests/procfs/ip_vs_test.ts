import assert from "node:assert/strict";
import { DecodeError } from "../../lib/netlink/errors.ts";
import { parseTable, type ProcEndpoint, type ProcService } from "../../lib/procfs/ip_vs.ts";
import { listings } from "../kernel/_ipvsadm.ts";

function data(name: string): string {
  return Deno.readTextFileSync(new URL(`data/${name}.txt`, import.meta.url));
}

const HEADINGS = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
`;

/** CONFIG_HZ of the kernel that the copies are from. */
const HZ = 100;

function hex({ address, port }: ProcEndpoint): string {
  const digits = [...address].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${digits}:${port}`;
}

/** The same of `10.0.0.1:80` or `[2001:db8::1]:80`. */
function hexOf(endpoint: string): string {
  const [, address = "", port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(endpoint)!;
  if (!endpoint.startsWith("[")) {
    return hex({
      isIpv6: false,
      address: Uint8Array.from(address.split(".").map(Number)),
      port: Number(port),
    });
  }
  // The parser of URLs writes IPv4 at the end in hexadecimal, too.
  const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail] = plain.split("::");
  const groups = (text = "") => text === "" ? [] : text.split(":");
  const missing = 8 - groups(head).length - groups(tail).length;
  const zeros = Array.from({ length: tail === undefined ? 0 : missing }, () => "0");
  const digits = [...groups(head), ...zeros, ...groups(tail)].map((group) =>
    group.padStart(4, "0")
  );
  return `${digits.join("")}:${port}`;
}

const METHODS: Record<string, string> = { masq: "Masq", tunnel: "Tunnel", droute: "Route" };

/** The mask that the kernel prints for a prefix length of ipvsadm. */
function printedMask(length: number, isIpv6: boolean): number {
  return isIpv6 ? length * 2 ** 24 : 2 ** 32 - 2 ** (32 - length);
}

/** What the parser found, as lines. */
function linesOf(services: readonly ProcService[]): string[] {
  return services.map((service) => {
    const { protocol, endpoint, fwmark, sched, onePacket, persistence, destinations } = service;
    const name = endpoint === undefined ? `fwm ${fwmark}` : `${protocol} ${hex(endpoint)}`;
    const kept = persistence && `${persistence.ticks} ${persistence.mask}`;
    const reals = destinations.map((real) =>
      `${
        hex(real)
      } ${real.forwarding} ${real.weight} ${real.activeConnections} ${real.inactiveConnections}`
    ).toSorted();
    return [name, sched, onePacket, kept, ...reals].join(" | ");
  }).toSorted();
}

/** What ipvsadm listed at the same moment, in the same form. */
function listedLines(text: string): string[] {
  return [...listings[""]!(text)].map(([key, { fields, servers }]) => {
    const [kind = "", endpoint = "", family] = key.split(" ");
    const isIpv6 = family === "inet6" || endpoint.startsWith("[");
    const isFwmark = kind === "fwm";
    const name = isFwmark ? `fwm ${endpoint}` : `${kind.toUpperCase()} ${hexOf(endpoint)}`;
    const ticks = Number(fields["persistence_timeout"]) * HZ;
    const kept = fields["persistent"] === true
      ? `${ticks} ${printedMask(Number(fields["netmask"]), isIpv6)}`
      : undefined;
    const reals = [...servers].map(([real, found]) =>
      [
        hexOf(real),
        METHODS[String(found["forwarding_method"])],
        found["weight"],
        found["active_connections"],
        found["inactive_connections"],
      ].join(" ")
    ).toSorted();
    const onePacket = isIpv6 && !isFwmark ? null : fields["one_packet"];
    return [name, fields["sched"], onePacket, kept, ...reals].join(" | ");
  }).toSorted();
}

Deno.test("parseTable() finds what ipvsadm lists of the hard cases", () => {
  const found = linesOf(parseTable(data("ip_vs_hard")).services);
  // Lines that begin a server, without the two headings.
  assert.equal(found.length, data("ip_vs_hard").match(/^\w/gm)!.length - 2);
  assert.deepEqual(found, listedLines(data("ip_vs_hard_ipvsadm")));
});

Deno.test("parseTable() reads version and size, also of an empty table", () => {
  const expected = { version: "1.2.1", connectionTableSize: 4096, services: [] };
  assert.deepEqual(parseTable(HEADINGS), expected);
});

Deno.test("parseTable() knows of one-packet scheduling only where the kernel prints it", () => {
  const lines = [
    "UDP  0A000001:0035 rr ops  ",
    "UDP  0A000002:0035 rr  ",
    "UDP  [0000:0000:0000:0000:0000:0000:0000:0001]:0035 rr ",
    "FWM  00000007 rr ops persistent 30000 FFFFFFFF",
    "FWM  00000008 rr ",
  ];
  const { services } = parseTable(`${HEADINGS}${lines.join("\n")}\n`);
  assert.deepEqual(services.map(({ onePacket }) => onePacket), [true, false, null, true, false]);
});

Deno.test("parseTable() keeps the same fwmark of both families apart", () => {
  const { services } = parseTable(`${HEADINGS}FWM  FFFFFFFF rr \nFWM  FFFFFFFF wlc \n`);
  assert.deepEqual(services.map(({ fwmark, sched }) => [fwmark, sched]), [
    [4294967295, "rr"],
    [4294967295, "wlc"],
  ]);
});

Deno.test("parseTable() reads each forwarding method, and a protocol without a name", () => {
  const methods = ["Masq", "Local", "Tunnel", "Route", "Bypass"];
  const reals = methods.map((name, i) =>
    `  -> 0A00000${i}:0050      ${name.padEnd(7)} 1      2          3         \n`
  );
  const { services: [service] } = parseTable(
    `${HEADINGS}IP_47  0A000001:0000 rr  \n${reals.join("")}`,
  );
  assert.equal(service?.protocol, "IP_47");
  assert.deepEqual(service?.destinations.map(({ forwarding }) => forwarding), methods);
});

for (
  const [name, line] of [
    ["an unknown first word", "XYZ  0A000001:0050 rr"],
    ["an address with too few digits", "TCP  0A0001:0050 rr"],
    [
      "an IPv6 address with too few groups",
      "TCP  [0000:0000:0000:0000:0000:0000:000000001]:0050 rr",
    ],
    ["no scheduler", "TCP  0A000001:0050"],
    ["fwmark 0", "FWM  00000000 rr"],
    ["a timeout without a mask", "TCP  0A000001:0050 rr persistent 30000"],
    ["a timeout beyond 31 bits", "TCP  0A000001:0050 rr persistent 2147483648 FFFFFFFF"],
    [
      "a real server before any virtual server",
      "  -> 0A000002:0050      Masq    1      0          0",
    ],
    ["an empty line", ""],
  ] as const
) {
  Deno.test(`parseTable() rejects ${name}, with the number of the line`, () => {
    assert.throws(
      () => parseTable(`${HEADINGS}${line}\nTCP  0A000009:0050 rr  \n`),
      (error) => error instanceof DecodeError && /ip_vs line 4: /.test(error.message),
    );
  });
}

for (
  const [name, columns] of [
    ["an unknown forwarding method", "Teleport 1 0 0"],
    ["a negative weight", "Masq -1 0 0"],
    ["a weight beyond 31 bits", "Masq 2147483648 0 0"],
    ["a column too many", "Masq 1 0 0 0"],
    ["a column too few", "Masq 1 0"],
  ] as const
) {
  Deno.test(`parseTable() rejects a real server with ${name}`, () => {
    const text = `${HEADINGS}TCP  0A000001:0050 rr  \n  -> 0A000002:0050      ${columns}\n`;
    assert.throws(() => parseTable(text), DecodeError);
  });
}

Deno.test("parseTable() rejects another file", () => {
  assert.throws(() => parseTable(""), DecodeError);
  assert.throws(() => parseTable("   Total Incoming\n"), DecodeError);
});
