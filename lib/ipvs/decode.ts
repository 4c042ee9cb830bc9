/**
 * Decodes replies of the kernel into rows, in one pass over the attributes, as the schema's tables
 * describe them.
 *
 * @module
 */
import { align4, readAttributeHeader } from "../netlink/attributes.ts";
import { DecodeError } from "../netlink/errors.ts";
import type { Datagram } from "../netlink/transport.ts";
import { NLA_HDRLEN } from "../netlink/uapi.ts";
import { swap16, swap32 } from "../netlink/byte_order.ts";
import { PRESENT } from "./columns.ts";
import { type Attribute, MINIMUM_WIDTH, type Table, WIDTH, type WireType } from "./schema.ts";

/** What to do with an attribute. */
const NEST = 0, PADDING = 1, U8 = 2, U16 = 3, BE16 = 4, U32 = 5, U64 = 6, BYTES = 7;

const ACTION: Readonly<Record<WireType, number>> = {
  u8: U8,
  u16: U16,
  be16: BE16,
  u32: U32,
  flags: U32,
  u64: U64,
  bytes4: BYTES,
  bytes16: BYTES,
  address: BYTES,
  text: BYTES,
};

/** An attribute of a table, prepared for decoding. */
interface Field {
  readonly name: string;
  readonly action: number;
  readonly column: number;
  /** Permitted widths in bytes. */
  readonly minimum: number;
  readonly maximum: number;
  readonly nest: Plan | undefined;
  /** Bit of the attribute that this one yields to; 0 if none. */
  readonly yieldsTo: number;
}

/** A table, prepared for decoding. */
interface Plan {
  readonly table: Table;
  /** By attribute type. */
  readonly fields: readonly (Field | undefined)[];
  /** Bits of the required attributes. */
  readonly required: number;
}

function prepare(table: Table): Plan {
  const fields: (Field | undefined)[] = Array.from({ length: 32 }, () => undefined);
  for (const [type, attribute] of table.attributes) fields[type] = prepareField(attribute);
  const required = table.required.reduce((bits, type) => bits | 1 << type, 0);
  return { table, fields, required };
}

function prepareField(attribute: Attribute): Field {
  const { name } = attribute;
  const none = { name, column: 0, minimum: 0, maximum: Infinity, nest: undefined, yieldsTo: 0 };
  if ("nest" in attribute) {
    const yieldsTo = attribute.yieldsTo === undefined ? 0 : 1 << attribute.yieldsTo;
    return { ...none, action: NEST, nest: prepare(attribute.nest), yieldsTo };
  }
  if ("padding" in attribute) return { ...none, action: PADDING };
  const { type, column } = attribute;
  const maximum = WIDTH[type];
  const minimum = MINIMUM_WIDTH[type] ?? maximum;
  return { ...none, action: ACTION[type], column, minimum, maximum };
}

/** Decodes the replies that one table describes. */
export class Decoder {
  readonly #plan: Plan;
  readonly #width: number;
  #unknown = 0;
  /** Start of the reply that is being decoded. */
  #start = 0;

  /** Decodes into rows of `width` columns. */
  constructor(table: Table, width: number) {
    this.#plan = prepare(table);
    this.#width = width;
  }

  /** Number of attributes that were skipped because the schema does not know them. */
  get unknown(): number {
    return this.#unknown;
  }

  /**
   * Decodes the attributes between two byte offsets of a datagram into the row that begins at
   * `row[at]`. Columns without an attribute become 0. Of several attributes of one type the last
   * counts, as in the kernel.
   *
   * @throws {DecodeError} if an attribute is truncated, has a wrong width or is missing.
   */
  decode(datagram: Datagram, start: number, end: number, row: Uint32Array, at: number): void {
    this.#start = start;
    const { envelope, name } = this.#plan.table;
    if (envelope === undefined) {
      row.fill(0, at, at + this.#width);
      row[at + PRESENT] = this.#read(this.#plan, datagram, start, end, row, at);
      return;
    }
    let found = false;
    for (let offset = start; offset < end;) {
      const header = readAttributeHeader(datagram, offset, end);
      const length = header & 0xffff;
      if (header >>> 16 === envelope) {
        row.fill(0, at, at + this.#width);
        const from = offset + NLA_HDRLEN, to = offset + length;
        row[at + PRESENT] = this.#read(this.#plan, datagram, from, to, row, at);
        found = true;
      } else this.#unknown++;
      offset += align4(length);
    }
    if (!found) throw new DecodeError(`Cannot decode the reply at offset ${start}: no ${name}`);
  }

  /** Decodes one level of attributes; returns a bit for each type that is present. */
  #read(
    plan: Plan,
    datagram: Datagram,
    start: number,
    end: number,
    row: Uint32Array,
    at: number,
  ): number {
    const { words, littleEndian } = datagram;
    const { fields } = plan;
    let present = 0;
    let yielding: Field | undefined, yieldingAt = 0, yieldingEnd = 0;
    for (let offset = start; offset < end;) {
      const header = readAttributeHeader(datagram, offset, end);
      const type = header >>> 16, length = header & 0xffff;
      const field = type < 32 ? fields[type] : undefined;
      const payload = offset + NLA_HDRLEN;
      if (type < 32) present |= 1 << type;
      if (field === undefined) this.#unknown++;
      else if (field.action === NEST) {
        if (field.yieldsTo === 0) {
          this.#read(field.nest!, datagram, payload, offset + length, row, at);
        } else {
          yielding = field, yieldingAt = payload, yieldingEnd = offset + length;
        }
      } else if (field.action !== PADDING) {
        const width = length - NLA_HDRLEN;
        if (width < field.minimum || width > field.maximum) refuseWidth(field, payload, width);
        const column = at + field.column;
        if (field.action === BYTES) storeBytes(words, payload >>> 2, width, row, column, field);
        else storeNumber(field.action, words, payload >>> 2, littleEndian, row, column);
      }
      offset += align4(length);
    }
    if (yielding !== undefined && (present & yielding.yieldsTo) === 0) {
      this.#read(yielding.nest!, datagram, yieldingAt, yieldingEnd, row, at);
    }
    if ((present & plan.required) !== plan.required) this.#refuse(plan, present);
    return present >>> 0;
  }

  #refuse(plan: Plan, present: number): never {
    const { name, required, attributes } = plan.table;
    const missing = required.find((type) => (present & 1 << type) === 0)!;
    throw new DecodeError(
      `Cannot decode ${name} at offset ${this.#start}: no ${attributes.get(missing)?.name}`,
    );
  }
}

function refuseWidth(field: Field, offset: number, width: number): never {
  throw new DecodeError(
    `Cannot decode ${field.name} at offset ${offset}: ${width} bytes, not ${field.maximum}`,
  );
}

/** Stores the number in the words from `source` on. */
function storeNumber(
  action: number,
  words: Uint32Array,
  source: number,
  littleEndian: boolean,
  row: Uint32Array,
  column: number,
): void {
  const word = words[source]!;
  if (action === U32) row[column] = littleEndian ? word : swap32(word);
  else if (action === U64) {
    const next = words[source + 1]!;
    row[column] = littleEndian ? word : swap32(next);
    row[column + 1] = littleEndian ? next : swap32(word);
  } else if (action === U8) row[column] = word & 0xff;
  else row[column] = littleEndian && action === U16 ? word & 0xffff : swap16(word);
}

/** Stores raw bytes, and zeros after them up to the maximum. */
function storeBytes(
  words: Uint32Array,
  source: number,
  width: number,
  row: Uint32Array,
  column: number,
  field: Field,
): void {
  for (let i = 0; i < field.maximum; i += 4) {
    const left = width - i;
    const mask = left >= 4 ? -1 : left <= 0 ? 0 : (1 << 8 * left) - 1;
    row[column + i / 4] = mask === 0 ? 0 : words[source + i / 4]! & mask;
  }
}
