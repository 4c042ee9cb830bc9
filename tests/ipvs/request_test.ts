import assert from "node:assert/strict";
import fc from "fast-check";
import { NetlinkClient, type Request } from "../../lib/netlink/client.ts";
import { Requests } from "../../lib/ipvs/request.ts";
import * as uapi from "../../lib/ipvs/uapi.ts";
import { addressBytes, parseAttributes } from "../_netlink_messages.ts";
import { end, ERROR, Script, toHex } from "../netlink/_script.ts";
import { type ServiceKey, serviceRows } from "./_rows.ts";

const GET_COMMANDS = [4, 8, 11, 13, 15];
const requests = new Requests({ id: 28, version: 1 });

/** The bytes of a request as they reach the transport. */
function sent(request: Request): Uint8Array {
  const script = new Script(end(ERROR, 0));
  new NetlinkClient(script).request(request, () => {});
  return script.requests[0]!;
}

function head(length: string, flags: string, command: string): string {
  return `${length} 00 00 00 1c 00 ${flags} 01 00 00 00 67 12 00 00 ${command} 01 00 00`;
}

const IPV4 = serviceRows([{ address: "192.0.2.1", port: 80, protocol: 17 }]);
const IPV4_HEX = "30 00 01 00 06 00 01 00 02 00 00 00 06 00 02 00 11 00 00 00 " +
  "14 00 03 00 c0 00 02 01 00 00 00 00 00 00 00 00 00 00 00 00 06 00 04 00 00 50 00 00";
const IPV6 = serviceRows([{ fwmark: 9 }, { address: "2001:db8::1", port: 443 }]);
const IPV6_HEX = "30 00 01 00 06 00 01 00 0a 00 00 00 06 00 02 00 06 00 00 00 " +
  "14 00 03 00 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 06 00 04 00 01 bb 00 00";
const FWMARK = serviceRows([{ fwmark: 0xfffffffe, family: 10 }]);
const FWMARK_HEX = "14 00 01 00 06 00 01 00 0a 00 00 00 08 00 05 00 fe ff ff ff";

const BYTES: readonly [name: string, request: Request, bytes: string][] = [
  ["info()", requests.info(), head("14", "01 00", "0f")],
  ["config()", requests.config(), head("14", "01 00", "0d")],
  ["daemons()", requests.daemons(), head("14", "01 03", "0b")],
  ["services()", requests.services(), head("14", "01 03", "04")],
  ["service() of IPv4", requests.service(IPV4, 0), `${head("44", "01 00", "04")} ${IPV4_HEX}`],
  ["service() of IPv6", requests.service(IPV6, 1), `${head("44", "01 00", "04")} ${IPV6_HEX}`],
  [
    "service() of a fwmark",
    requests.service(FWMARK, 0),
    `${head("28", "01 00", "04")} ${FWMARK_HEX}`,
  ],
  ["destinations()", requests.destinations(IPV4, 0), `${head("44", "01 03", "08")} ${IPV4_HEX}`],
  [
    "destinations() of a fwmark",
    requests.destinations(FWMARK, 0),
    `${head("28", "01 03", "08")} ${FWMARK_HEX}`,
  ],
];

for (const [name, request, bytes] of BYTES) {
  Deno.test(`Requests.${name} has these bytes`, () => {
    assert.equal(toHex(sent(request)), bytes);
  });
}

const key: fc.Arbitrary<ServiceKey> = fc.oneof(
  fc.record({
    address: fc.oneof(fc.ipV4(), fc.constantFrom("::", "2001:db8::1", "ff02::5")),
    port: fc.nat(0xffff),
    protocol: fc.constantFrom(6, 17, 132, 0xffff),
  }),
  fc.record({ fwmark: fc.integer({ min: 1, max: 0xffffffff }), family: fc.constantFrom(2, 10) }),
);

Deno.test("Requests.service() and destinations() contain the identity of any service", () => {
  fc.assert(fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), (keys) => {
    const rows = serviceRows(keys);
    keys.forEach(({ address, port, protocol, fwmark, family }, row) => {
      for (const request of [requests.service(rows, row), requests.destinations(rows, row)]) {
        const nest = parseAttributes(parseAttributes(sent(request).subarray(20)).get(1)!);
        const found = Object.fromEntries([...nest].map(([type, value]) => [type, [...value]]));
        if (address === undefined) {
          const bytes = [0, 8, 16, 24].map((shift) => (fwmark! >>> shift) & 255);
          assert.deepEqual(found, { 1: [family, 0], 5: bytes });
        } else {
          const bytes = addressBytes(address);
          assert.deepEqual(found, {
            1: [bytes.length === 4 ? 2 : 10, 0],
            2: [protocol! & 255, protocol! >>> 8],
            3: [...bytes, ...new Array<number>(16 - bytes.length).fill(0)],
            4: [port! >>> 8, port! & 255],
          });
        }
      }
    });
  }));
});

Deno.test("Requests only makes the five commands that read", () => {
  const made = Object.getOwnPropertyNames(Requests.prototype).filter((name) =>
    name !== "constructor"
  ).map((name) => {
    const make = Reflect.get(requests, name) as (...row: unknown[]) => Request;
    return make.call(requests, IPV4, 0);
  });
  assert.equal(made.length, 6);
  assert.deepEqual(
    [...new Set(made.map((request) => sent(request)[16]))].sort(byNumber),
    GET_COMMANDS,
  );
});

function byNumber(a: number | undefined, b: number | undefined): number {
  return a! - b!;
}

Deno.test("uapi.ts defines only the commands that read, and those of their replies", () => {
  const commands = Object.entries(uapi).filter(([name]) => /^IPVS_CMD_(?!ATTR)/.test(name));
  assert.deepEqual(Object.fromEntries(commands), {
    ...{ IPVS_CMD_GET_SERVICE: 4, IPVS_CMD_NEW_SERVICE: 1 },
    ...{ IPVS_CMD_GET_DEST: 8, IPVS_CMD_NEW_DEST: 5 },
    ...{ IPVS_CMD_GET_DAEMON: 11, IPVS_CMD_NEW_DAEMON: 9 },
    ...{ IPVS_CMD_GET_CONFIG: 13, IPVS_CMD_SET_CONFIG: 12 },
    ...{ IPVS_CMD_GET_INFO: 15, IPVS_CMD_SET_INFO: 14 },
  });
});

/** The source files of the program, with their paths. */
function sources(directory = ""): [path: string, text: string][] {
  const root = new URL("../../", import.meta.url);
  if (directory === "") {
    const top = ["cli.ts", "mod.ts"].flatMap((name): [string, string][] => {
      try {
        return [[name, Deno.readTextFileSync(new URL(name, root))]];
      } catch {
        return [];
      }
    });
    return [...top, ...sources("lib/"), ...sources("ffi/")];
  }
  return [...Deno.readDirSync(new URL(directory, root))].flatMap((entry) => {
    const path = `${directory}${entry.name}`;
    if (entry.isDirectory) return sources(`${path}/`);
    return path.endsWith(".ts")
      ? [[path, Deno.readTextFileSync(new URL(path, root))] as [string, string]]
      : [];
  });
}

function filesWith(pattern: RegExp): string[] {
  return sources().filter(([, text]) => pattern.test(text)).map(([path]) => path).sort();
}

Deno.test("request.ts sends only GET commands; NEW and SET are only replies", () => {
  const [, text] = sources().find(([path]) => path === "lib/ipvs/request.ts")!;
  const calls = [...text.matchAll(/this\.#make\(([^)]*)\)/g)].map(([, found]) =>
    found!.split(/,\s*/)
  );
  assert.equal(calls.length, 6);
  for (const [command, reply] of calls) {
    assert.match(command!, /^IPVS_CMD_GET_[A-Z]+$/);
    assert.match(reply!, /^IPVS_CMD_(NEW|SET)_[A-Z]+$/);
  }
});

Deno.test("only these files make requests or send bytes", () => {
  assert.deepEqual(filesWith(/\bnew Requests\b/), ["lib/ipvs/reader.ts"]);
  assert.deepEqual(filesWith(/\bnew NetlinkClient\b/), ["lib/ipvs/reader.ts"]);
  // The replay builds a reply, which is never sent.
  assert.deepEqual(filesWith(/\bnew RequestBuilder\b/), [
    "lib/capture/replay_transport.ts",
    "lib/netlink/client.ts",
  ]);
  assert.deepEqual(filesWith(/\bsymbols\.send\b/), ["ffi/netlink_socket.ts"]);
});

Deno.test("no source contains the name of a command that changes the kernel's state", () => {
  const changing = /IPVS_CMD_((SET|DEL)_(SERVICE|DEST)|(NEW|DEL)_DAEMON\w|DEL_DAEMON|FLUSH|ZERO)/;
  assert.deepEqual(filesWith(changing), []);
  assert.deepEqual(filesWith(/\bcommand: \d/), []);
});
