/**
 * Answers of the kernel to records, in two steps: gather where each attribute lies, then
 * interpret it by the schema.
 *
 * A kernel lays out all answers of one kind alike. So the strict walk over the attributes is made
 * once for each layout that is met; the next answer whose attribute headers are the same, word for
 * word, has been checked by it as well, and its values are moved straight into the record.
 *
 * @module
 */
import { readAttributes } from "../netlink/attributes.ts";
import { DecodeError } from "../netlink/errors.ts";
import type { Datagram } from "../netlink/transport.ts";
import { type Attribute, PRESENT, type Table, WIDTH, type WireType } from "./schema.ts";
import { swap16, swap32 } from "./words.ts";

/** How a word of the datagram becomes a slot of the record. */
const COPY = 0;
const SWAP16 = 1;
const SWAP32 = 2;

/** Layouts that a decoder remembers; names of different lengths make most of the differences. */
const REMEMBERED = 32;

/** Where everything lies in answers of one shape; word offsets count from the answer's start. */
interface Layout {
  readonly littleEndian: boolean;
  /** The answer's length in bytes. */
  readonly length: number;
  /** Attribute headers, and the words that they must be. */
  readonly headerAt: Int32Array;
  readonly header: Uint32Array;
  /** What fills the whole record. */
  readonly whole: Moves;
  /** What fills the slots of its name alone. */
  readonly name: Moves;
  readonly unknown: number;
}

/** What fills some slots of a record, and {@linkcode PRESENT}. */
interface Moves {
  /** Moves: source word, kind, mask for COPY, and slot. */
  readonly source: Int32Array;
  readonly kind: Uint8Array;
  readonly mask: Int32Array;
  readonly slot: Uint8Array;
  /** Slots that no move fills. */
  readonly empty: Uint8Array;
  readonly present: number;
}

/** Decodes the answers of one table. */
export class Decoder {
  readonly #table: Table;
  readonly #slots: number;
  readonly #names: ReadonlySet<number>;
  #layouts: Layout[] = [];
  #unknown = 0;

  /** Makes a decoder for records of so many slots, some of which name what the record is of. */
  constructor(table: Table, slots: number, names: readonly number[] = []) {
    this.#table = table;
    this.#slots = slots;
    this.#names = new Set(names);
  }

  /** How many attributes were skipped because the schema does not know them. */
  get unknown(): number {
    return this.#unknown;
  }

  /**
   * Decodes the attributes between two byte offsets of a datagram into the slots of `record`
   * from `at` on.
   *
   * @throws {DecodeError} if an attribute is truncated, of a wrong width or missing.
   */
  decode(datagram: Datagram, start: number, end: number, record: Uint32Array, at: number): void {
    const layout = this.#find(datagram, start, end);
    makeMoves(layout.whole, datagram.words, start >>> 2, record, at);
    this.#unknown += layout.unknown;
  }

  /**
   * Checks an answer like {@linkcode decode}, and fills the slots of the name alone, and
   * {@linkcode PRESENT}.
   *
   * @throws {DecodeError} likewise.
   */
  decodeName(
    datagram: Datagram,
    start: number,
    end: number,
    record: Uint32Array,
    at: number,
  ): void {
    const { name } = this.#find(datagram, start, end);
    makeMoves(name, datagram.words, start >>> 2, record, at);
  }

  #find(datagram: Datagram, start: number, end: number): Layout {
    const layouts = this.#layouts;
    for (let i = 0; i < layouts.length; i++) {
      if (fits(layouts[i]!, datagram, start, end - start)) return layouts[i]!;
    }
    const layout = new LayoutBuilder(datagram, start, end).build(
      this.#table,
      this.#slots,
      this.#names,
    );
    if (layouts.length === REMEMBERED) layouts.shift();
    layouts.push(layout);
    return layout;
  }
}

/** Fills the slots of the record at `at` from the words of the answer at `base`. */
function makeMoves(
  moves: Moves,
  words: Uint32Array,
  base: number,
  record: Uint32Array,
  at: number,
): void {
  const { source, kind, mask, slot, empty } = moves;
  for (let i = 0; i < source.length; i++) {
    const word = words[base + source[i]!]!;
    const how = kind[i]!;
    record[at + slot[i]!] = how === COPY
      ? word & mask[i]!
      : how === SWAP16
      ? swap16(word)
      : swap32(word);
  }
  for (let i = 0; i < empty.length; i++) record[at + empty[i]!] = 0;
  record[at + PRESENT] = moves.present;
}

function fits(layout: Layout, datagram: Datagram, start: number, length: number): boolean {
  if (layout.length !== length || layout.littleEndian !== datagram.littleEndian) return false;
  const { headerAt, header } = layout;
  const words = datagram.words;
  const base = start >>> 2;
  for (let i = 0; i < headerAt.length; i++) {
    if (words[base + headerAt[i]!] !== header[i]) return false;
  }
  return true;
}

/** The strict walk: checks an answer against the schema and notes where everything lies. */
class LayoutBuilder {
  readonly #datagram: Datagram;
  readonly #start: number;
  readonly #end: number;
  readonly #headers: number[] = [];
  readonly #moves: { source: number; kind: number; mask: number; slot: number }[] = [];
  #unknown = 0;

  constructor(datagram: Datagram, start: number, end: number) {
    this.#datagram = datagram;
    this.#start = start;
    this.#end = end;
  }

  build(table: Table, slots: number, names: ReadonlySet<number>): Layout {
    let attributes = this.#gather(this.#start, this.#end);
    if (table.envelope !== undefined) {
      const nest = attributes.get(table.envelope);
      if (nest === undefined) {
        throw new DecodeError(
          `Cannot decode the answer at offset ${this.#start}: no ${table.name}`,
        );
      }
      this.#unknown += attributes.size - 1;
      attributes = this.#gather(nest.offset, nest.offset + nest.length);
    }
    this.#interpret(table, attributes, true);
    let present = 0;
    for (const type of attributes.keys()) if (type < 32) present |= 1 << type;
    return this.#finish(slots, present >>> 0, names);
  }

  /** Notes each attribute's payload; of several of one type the last counts, as in the kernel. */
  #gather(start: number, end: number): Map<number, { offset: number; length: number }> {
    const found = new Map<number, { offset: number; length: number }>();
    readAttributes(this.#datagram, start, end, (type, offset, length) => {
      this.#headers.push((offset - 4 - this.#start) >>> 2);
      found.set(type, { offset, length });
    });
    return found;
  }

  #interpret(
    table: Table,
    found: Map<number, { offset: number; length: number }>,
    take: boolean,
  ): void {
    for (const number of table.required) {
      if (found.has(number)) continue;
      const name = table.attributes.get(number)?.name;
      throw new DecodeError(`Cannot decode ${table.name} at offset ${this.#start}: no ${name}`);
    }
    for (const [type, { offset, length }] of found) {
      const attribute = table.attributes.get(type);
      if (attribute === undefined) this.#unknown++;
      else if ("nest" in attribute) {
        const yields = attribute.yieldsTo !== undefined && found.has(attribute.yieldsTo);
        this.#interpret(attribute.nest, this.#gather(offset, offset + length), take && !yields);
      } else if ("slot" in attribute) this.#value(attribute, offset, length, take);
    }
  }

  #value(
    attribute: Extract<Attribute, { slot: number }>,
    offset: number,
    length: number,
    take: boolean,
  ): void {
    const width = WIDTH[attribute.type];
    if (attribute.type === "text" ? length === 0 || length > width : length !== width) {
      throw new DecodeError(
        `Cannot decode ${attribute.name} at offset ${offset}: ${length} bytes, not ${width}`,
      );
    }
    if (take) this.#move(attribute.type, (offset - this.#start) >>> 2, attribute.slot, length);
  }

  #move(type: WireType, source: number, slot: number, length: number): void {
    const { littleEndian } = this.#datagram;
    const kind = littleEndian ? COPY : SWAP32;
    switch (type) {
      case "u8":
        return this.#push(source, COPY, 0xff, slot);
      case "u16":
        return this.#push(source, littleEndian ? COPY : SWAP16, 0xffff, slot);
      case "be16":
        return this.#push(source, SWAP16, 0xffff, slot);
      case "u32":
      case "flags":
        return this.#push(source, kind, -1, slot);
      case "u64":
        this.#push(source, kind, -1, littleEndian ? slot : slot + 1);
        return this.#push(source + 1, kind, -1, littleEndian ? slot + 1 : slot);
      default:
        for (let i = 0; i < length; i += 4) {
          const mask = length - i < 4 ? (1 << (8 * (length - i))) - 1 : -1;
          this.#push(source + i / 4, COPY, mask, slot + i / 4);
        }
    }
  }

  #push(source: number, kind: number, mask: number, slot: number): void {
    this.#moves.push({ source, kind, mask, slot });
  }

  #finish(slots: number, present: number, names: ReadonlySet<number>): Layout {
    const { words, littleEndian } = this.#datagram;
    const base = this.#start >>> 2;
    const every = Array.from({ length: slots }, (_, slot) => slot);
    return {
      littleEndian,
      length: this.#end - this.#start,
      headerAt: Int32Array.from(this.#headers),
      header: Uint32Array.from(this.#headers, (at) => words[base + at]!),
      whole: this.#movesTo(new Set(every), present),
      name: this.#movesTo(names, present),
      unknown: this.#unknown,
    };
  }

  #movesTo(wanted: ReadonlySet<number>, present: number): Moves {
    const moves = this.#moves.filter(({ slot }) => wanted.has(slot));
    const filled = new Set([PRESENT, ...moves.map(({ slot }) => slot)]);
    return {
      source: Int32Array.from(moves, ({ source }) => source),
      kind: Uint8Array.from(moves, ({ kind }) => kind),
      mask: Int32Array.from(moves, ({ mask }) => mask),
      slot: Uint8Array.from(moves, ({ slot }) => slot),
      empty: Uint8Array.from([...wanted].filter((slot) => !filled.has(slot))),
      present,
    };
  }
}
