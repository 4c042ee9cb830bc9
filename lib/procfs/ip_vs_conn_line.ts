/**
 * Parses one line of the connection table, in bytes. The formats are those of
 * `ip_vs_conn_seq_show()` and `ip_vs_conn_sync_seq_show()` in the kernel's `ip_vs_conn.c`.
 *
 * @module
 */
import { NameTable } from "./name_table.ts";

/** Index of the first of the four words of each address in {@linkcode ConnectionLine.addresses}. */
export const CLIENT = 0, VIRTUAL = 4, DESTINATION = 8;

/** The numbers of the protocols that the kernel prints by name; any other is `IP_` and its number. */
const PROTOCOLS: Readonly<Record<string, number>> = {
  ...{ IP: 0, ICMP: 1, TCP: 6, UDP: 17, ICMPv6: 58, SCTP: 132 },
};

/** Who created a connection. */
export const ORIGINS = ["LOCAL", "SYNC"] as const;

/** One connection. The parser uses the same object for each line. */
export interface ConnectionLine {
  /** IANA number; 0 for the persistence template of a fwmark. */
  protocol: number;
  /** Whether client and virtual address are IPv6. */
  isInet6: boolean;
  /** Whether the address of the real server is IPv6. */
  isDestinationInet6: boolean;
  /**
   * Client, virtual and destination address, four words each, as numbers: 10.0.0.1 is 0x0a000001 in
   * the first word.
   */
  readonly addresses: Uint32Array;
  /** 0 to 65535; 0 for a persistence template. */
  clientPort: number;
  /** 0 to 65535. */
  virtualPort: number;
  /** 0 to 65535. */
  destinationPort: number;
  /** Index of the state in {@linkcode LineParser.states}. */
  state: number;
  /** Index in {@linkcode ORIGINS}; -1 in `ip_vs_conn`, which does not have it. */
  origin: number;
  /** Seconds until the entry expires; 0 for one that is overdue. */
  expires: number;
}

const LONGEST_EXPIRY = 10;
const MAXIMUM_NAMES = 256;
const LINE_FEED = 10, SPACE = 32, ZERO = 48, COLON = 58, LETTER_S = 83;
/** In {@linkcode HEX}, and in what is combined from it: not a hexadecimal digit. */
const INVALID = 0x80;
/** The value of each hexadecimal digit. */
const HEX = new Uint8Array(256).fill(INVALID);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  HEX[text.charCodeAt(0)] = HEX[text.toUpperCase().charCodeAt(0)] = digit;
}
const ORIGIN_BYTES = ORIGINS.map((name) => new TextEncoder().encode(name));

/** Parses lines into one object. */
export class LineParser {
  /** What the last line contains. */
  readonly line: ConnectionLine = {
    ...{ protocol: 0, isInet6: false, isDestinationInet6: false, addresses: new Uint32Array(12) },
    ...{ clientPort: 0, virtualPort: 0, destinationPort: 0, state: 0, origin: -1, expires: 0 },
  };
  readonly #states = new NameTable(MAXIMUM_NAMES);
  readonly #protocols = new NameTable(MAXIMUM_NAMES);
  /** Protocol numbers by index in the table of names. */
  readonly #protocolNumbers: number[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** INVALID if a character of the line was not the expected one. */
  #wrong = 0;

  /** The names of the states so far. */
  get states(): readonly string[] {
    return this.#states.names;
  }

  /**
   * Parses the line that begins at `start` and ends with a line feed.
   *
   * @returns the index after the line feed; -1 if the line is malformed.
   */
  parse(bytes: Uint8Array, start: number, hasOrigin: boolean): number {
    const { line } = this;
    this.#bytes = bytes;
    this.#at = start;
    this.#wrong = 0;
    line.protocol = this.#protocol();
    line.isInet6 = this.#address(CLIENT);
    line.clientPort = this.#hex4(SPACE);
    if (this.#address(VIRTUAL) !== line.isInet6) this.#wrong = INVALID;
    line.virtualPort = this.#hex4(SPACE);
    line.isDestinationInet6 = this.#address(DESTINATION);
    line.destinationPort = this.#hex4(SPACE);
    line.state = this.#name(this.#states);
    line.origin = hasOrigin ? this.#origin() : -1;
    line.expires = this.#decimal();
    this.#endLine(hasOrigin);
    return this.#wrong === 0 ? this.#at : -1;
  }

  #protocol(): number {
    const index = this.#name(this.#protocols);
    const known = this.#protocolNumbers[index];
    if (known !== undefined) return known;
    const name = this.#protocols.names[index] ?? "";
    const number = PROTOCOLS[name] ?? Number(/^IP_(\d{1,3})$/.exec(name)?.[1] ?? NaN);
    if (!(number < 256)) this.#wrong = INVALID;
    return this.#protocolNumbers[index] = number;
  }

  /** Reads a name and the spaces after it; returns its index in the table. */
  #name(table: NameTable): number {
    const start = this.#at, bytes = this.#bytes;
    let at = start;
    while (bytes[at]! > SPACE) at++;
    const index = table.find(bytes, start, at);
    if (index < 0) this.#wrong = INVALID;
    this.#at = at;
    this.#spaces();
    return index;
  }

  /** Reads one or more spaces. */
  #spaces(): void {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== SPACE) this.#wrong = INVALID;
    while (bytes[this.#at] === SPACE) this.#at++;
  }

  /** Reads an address and a space into its words; returns whether it is IPv6. */
  #address(to: number): boolean {
    const words = this.line.addresses;
    const isInet6 = this.#bytes[this.#at + 4] === COLON;
    if (isInet6) {
      for (let word = to; word < to + 4; word++) {
        words[word] = this.#hex4(COLON) * 0x10000 + this.#hex4(word === to + 3 ? SPACE : COLON);
      }
    } else {
      words[to] = this.#hex4(-1) * 0x10000 + this.#hex4(SPACE);
      words[to + 1] = words[to + 2] = words[to + 3] = 0;
    }
    return isInet6;
  }

  /** Reads four hexadecimal digits and the character after them, if there is to be one. */
  #hex4(after: number): number {
    const bytes = this.#bytes, at = this.#at;
    const a = HEX[bytes[at]!]!, b = HEX[bytes[at + 1]!]!;
    const c = HEX[bytes[at + 2]!]!, d = HEX[bytes[at + 3]!]!;
    this.#wrong |= a | b | c | d;
    this.#at = at + 4;
    if (after >= 0) {
      if (bytes[at + 4] !== after) this.#wrong = INVALID;
      this.#at = at + 5;
    }
    this.#wrong &= INVALID;
    return a << 12 | b << 8 | c << 4 | d;
  }

  /** Reads `LOCAL` or `SYNC` and spaces. */
  #origin(): number {
    const origin = this.#bytes[this.#at] === LETTER_S ? 1 : 0;
    const expected = ORIGIN_BYTES[origin]!;
    for (let i = 0; i < expected.length; i++) {
      if (this.#bytes[this.#at++] !== expected[i]) this.#wrong = INVALID;
    }
    this.#spaces();
    return origin;
  }

  /** Reads decimal digits. */
  #decimal(): number {
    const bytes = this.#bytes, start = this.#at;
    let at = start, value = 0;
    for (let digit = bytes[at]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++at]! - ZERO) {
      value = 10 * value + digit;
    }
    if (at === start) this.#wrong = INVALID;
    this.#at = at;
    // Older kernels print the negative time of an overdue entry as an unsigned 64-bit number.
    return at - start > LONGEST_EXPIRY ? 0 : value;
  }

  /** Skips the data of a persistence engine, which only ip_vs_conn has, and the line feed. */
  #endLine(hasOrigin: boolean): void {
    const bytes = this.#bytes;
    if (bytes[this.#at] === SPACE && !hasOrigin) {
      while (this.#at < bytes.length && bytes[this.#at] !== LINE_FEED) this.#at++;
    }
    if (bytes[this.#at++] !== LINE_FEED) this.#wrong = INVALID;
  }
}
