import assert from "node:assert/strict";
import fc from "fast-check";
import { DecodeError } from "../../lib/netlink/errors.ts";
import { Decoder } from "../../lib/ipvs/decode.ts";
import { CONFIG, DAEMON, DESTINATION, INFO, SERVICE } from "../../lib/ipvs/columns.ts";
import {
  CONFIG_TABLE,
  DAEMON_TABLE,
  DESTINATION_TABLE,
  INFO_TABLE,
  SERVICE_TABLE,
  type Table,
} from "../../lib/ipvs/schema.ts";
import { manyRuns } from "../_property_runs.ts";
import { MessageWriter } from "../_netlink_messages.ts";
import { poisoned } from "../netlink/_script.ts";
import { daemon, destination, service } from "./_replies.ts";

const KINDS: readonly [Table, number, (writer: MessageWriter) => void][] = [
  [SERVICE_TABLE, SERVICE.width, service],
  [DESTINATION_TABLE, DESTINATION.width, destination],
  [DAEMON_TABLE, DAEMON.width, daemon],
  [INFO_TABLE, INFO.width, (writer) => writer.u32(1, 0x010201).u32(2, 4096)],
  [CONFIG_TABLE, CONFIG.width, (writer) => writer.u32(4, 900).u32(5, 120).u32(6, 300)],
];

/** The row and the number of unknown attributes, or the error message. */
type Outcome = readonly [row: number[], unknown: number] | string;

/** Decodes bytes that have `poison` before and after them in the buffer. */
function outcome(
  decoder: Decoder,
  bytes: Uint8Array,
  width: number,
  poison: number,
  littleEndian: boolean,
): Outcome {
  const before = decoder.unknown;
  const row = new Uint32Array(width);
  const prefix = new Uint8Array(20).fill(poison);
  const datagram = poisoned(Uint8Array.from([...prefix, ...bytes]), poison, littleEndian);
  try {
    decoder.decode(datagram, 20, datagram.length, row, 0);
    return [[...row], decoder.unknown - before];
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return error.message;
  }
}

for (const [table, width, fill] of KINDS) {
  const valid = [false, true].map((bigEndian) => {
    const writer = new MessageWriter(bigEndian);
    fill(writer);
    return writer.take();
  });
  const at = fc.nat(valid[0]!.length - 1);
  const mutation = fc.tuple(at, fc.oneof(fc.nat(255), fc.constantFrom(0, 4, 8, 16, 255)));
  /** Valid replies with bytes changed, or with a part removed or repeated. */
  const mutated = fc.tuple(fc.boolean(), fc.array(mutation, { maxLength: 5 }), at, at).map(
    ([bigEndian, mutations, start, end]) => {
      const bytes = valid[bigEndian ? 1 : 0]!.slice();
      for (const [at, value] of mutations) bytes[at] = value;
      if (start < end) return bytes;
      return Uint8Array.from([...bytes.subarray(0, start), ...bytes.subarray(end & ~3)]);
    },
  );
  const anything = fc.oneof(
    { weight: 3, arbitrary: mutated },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 128 }) },
  );

  Deno.test(`Decoder throws only DecodeError for any ${table.name}, and never reads outside of it`, () => {
    fc.assert(
      fc.property(anything, fc.boolean(), (bytes, littleEndian) => {
        const outcomes = [0x00, 0xff, 0x08].map((poison) =>
          outcome(new Decoder(table, width), bytes, width, poison, littleEndian)
        );
        assert.deepEqual(outcomes[1], outcomes[0]);
        assert.deepEqual(outcomes[2], outcomes[0]);
      }),
      manyRuns(30),
    );
  });

  Deno.test(`Decoder decodes ${table.name} independently of the replies before it`, () => {
    const used = new Decoder(table, width);
    fc.assert(
      fc.property(anything, fc.boolean(), (bytes, littleEndian) => {
        const fresh = outcome(new Decoder(table, width), bytes, width, 0, littleEndian);
        assert.deepEqual(outcome(used, bytes, width, 0xff, littleEndian), fresh);
        assert.deepEqual(outcome(used, bytes, width, 0x01, littleEndian), fresh);
      }),
      manyRuns(30),
    );
  });
}
