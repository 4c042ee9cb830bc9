import assert from "node:assert/strict";
import { type Table, WIDTH, type WireType } from "../../lib/ipvs/schema.ts";
import type { MessageWriter } from "../_netlink_messages.ts";
import { CONFIGS, DAEMONS, decode, DESTINATIONS, INFOS, SERVICES } from "./_decoded_rows.ts";
import { daemon, destination, reply, service } from "./_replies.ts";

/** Writes nested attributes of these types; `fill` writes the contents of the innermost. */
function nested(writer: MessageWriter, path: readonly number[], fill: () => void): void {
  const [first, ...rest] = path;
  if (first === undefined) fill();
  else writer.attribute(first, () => nested(writer, rest, fill));
}

/** A value of a table. */
interface Leaf {
  readonly name: string;
  readonly type: WireType;
  /** The attribute type. */
  readonly number: number;
  /** Types of the attributes that enclose it. */
  readonly path: readonly number[];
  readonly table: Table;
}

/** All values of a table and of its nests. */
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

/** Writes the required attributes, so that only the width under test is wrong. */
function required(writer: MessageWriter, table: Table, except: number): void {
  for (const number of table.required) {
    const attribute = table.attributes.get(number);
    if (number === except || attribute === undefined || !("type" in attribute)) continue;
    writer.bytes(number, new Uint8Array(WIDTH[attribute.type]));
  }
}

for (const kind of [SERVICES, DESTINATIONS, DAEMONS, INFOS, CONFIGS]) {
  for (const leaf of leaves(kind.table)) {
    const where = leaf.path.length > 1 ? ` in attribute ${leaf.path.at(-1)}` : "";
    Deno.test(`Decoder throws if ${leaf.name}${where} of ${kind.table.name} has a wrong width`, () => {
      const width = WIDTH[leaf.type];
      const wrong = leaf.type === "text" ? [0, 17, 20] : [0, width - 1, width + 1, 2 * width];
      for (const actual of wrong) {
        let offset = 0;
        const datagram = reply((writer) => {
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

Deno.test("Decoder throws if the enclosing attribute is missing", () => {
  for (const [kind, name] of [[SERVICES, "SERVICE"], [DESTINATIONS, "DEST"], [DAEMONS, "DAEMON"]]) {
    assert.throws(() => decode(kind as typeof SERVICES, reply((writer) => writer.u32(30, 1))), {
      name: "DecodeError",
      message: `Cannot decode the reply at offset 20: no IPVS_CMD_ATTR_${name}`,
    });
  }
});

/** The required attributes of each table. */
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
  Deno.test(`Decoder throws if a required attribute of ${kind.table.name} is missing`, () => {
    for (const [number, name] of Object.entries(names)) {
      const datagram = reply(fill);
      // Turn it into an unknown attribute.
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

Deno.test("Decoder throws if one of the ten statistics is missing", () => {
  const names = [
    ...["CONNS", "INPKTS", "OUTPKTS", "INBYTES", "OUTBYTES"],
    ...["CPS", "INPPS", "OUTPPS", "INBPS", "OUTBPS"],
  ];
  names.forEach((name, missing) => {
    const datagram = reply((writer) => {
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
