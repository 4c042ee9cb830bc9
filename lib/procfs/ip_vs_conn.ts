/**
 * Parses `/proc/net/ip_vs_conn` and `/proc/net/ip_vs_conn_sync`, the connection table, in chunks of
 * bytes. The formats are those of `ip_vs_conn_seq_show()` and `ip_vs_conn_sync_seq_show()` in the
 * kernel's `ip_vs_conn.c`; both files have the same entries.
 *
 * @module
 */
import { DecodeError } from "../netlink/errors.ts";
import { type ConnectionLine, LineParser } from "./ip_vs_conn_line.ts";

export type { ConnectionLine } from "./ip_vs_conn_line.ts";

/** The beginning of the first line, up to the column that differs. */
const HEAD = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       ";
/** Lines with the data of a persistence engine have up to 300 bytes more than others. */
const LONGEST_LINE = 1024;
const LINE_FEED = 10;

/**
 * Parses the file chunk by chunk; a line may be cut anywhere.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ConnectionParser } from "./ip_vs_conn.ts";
 *
 * const text = `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
 * TCP 0A010002 C350 C0000201 0050 0A020102 0050 ESTABLISHED     899
 * `;
 * let expires;
 * const parser = new ConnectionParser((line) => void (expires = line.expires));
 * parser.push(new TextEncoder().encode(text));
 * parser.end();
 * assert.equal(expires, 899);
 * ```
 */
export class ConnectionParser {
  readonly #visit: (line: ConnectionLine) => void;
  readonly #maxLines: number;
  readonly #parser = new LineParser();
  /** The beginning of a line whose end has not been pushed yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #hasHead = false;
  #hasOrigin = false;
  #lines = 0;
  #isFull = false;

  /** Calls `visit` for each connection, at most `maxLines` times. */
  constructor(visit: (line: ConnectionLine) => void, maxLines: number = Infinity) {
    this.#visit = visit;
    this.#maxLines = maxLines;
  }

  /** Number of connections so far. */
  get lines(): number {
    return this.#lines;
  }

  /** Whether there were more connections than the limit; the others are not parsed. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The names of the states so far, such as `ESTABLISHED`. */
  get states(): readonly string[] {
    return this.#parser.states;
  }

  /** Whether the file reports who created each connection; known after the first line. */
  get hasOrigin(): boolean {
    return this.#hasOrigin;
  }

  /**
   * Parses the lines that end in the chunk.
   *
   * @throws {DecodeError} if a line is not one of the kernel's. The message has its number.
   */
  push(chunk: Uint8Array): void {
    let start = 0;
    if (this.#rest.length > 0) {
      start = chunk.indexOf(LINE_FEED) + 1;
      if (start === 0) return this.#keep(chunk);
      this.#parse(join(this.#rest, chunk.subarray(0, start)));
    }
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end > start) this.#parse(chunk.subarray(start, end));
    this.#rest = chunk.slice(Math.max(start, end));
    this.#checkRest();
  }

  /**
   * Ends the file.
   *
   * @throws {DecodeError} if it is empty, or its last line is not complete.
   */
  end(): void {
    if (this.#isFull) return;
    if (this.#rest.length > 0) {
      throw new DecodeError(
        `The last line, ${this.#number}, is not complete: the file was cut off`,
      );
    }
    if (!this.#hasHead) throw new DecodeError("The file is empty, without even a heading");
  }

  /** The number of the next line, from 1. */
  get #number(): number {
    return this.#lines + (this.#hasHead ? 2 : 1);
  }

  #keep(chunk: Uint8Array): void {
    this.#rest = join(this.#rest, chunk);
    this.#checkRest();
  }

  #checkRest(): void {
    if (this.#rest.length > LONGEST_LINE) throw this.#error(this.#rest, 0);
  }

  /** Parses complete lines. */
  #parse(bytes: Uint8Array): void {
    const parser = this.#parser, visit = this.#visit;
    for (let at = this.#hasHead ? 0 : this.#parseHead(bytes); at < bytes.length;) {
      if (this.#lines >= this.#maxLines) {
        this.#isFull = true;
        return;
      }
      const next = parser.parse(bytes, at, this.#hasOrigin);
      if (next < 0) throw this.#error(bytes, at);
      this.#lines++;
      visit(parser.line);
      at = next;
    }
  }

  /** Checks the first line; returns the index of the second. */
  #parseHead(bytes: Uint8Array): number {
    const end = bytes.indexOf(LINE_FEED);
    const head = textOf(bytes.subarray(0, Math.min(end, LONGEST_LINE)));
    const last = head.startsWith(HEAD) ? head.slice(HEAD.length).trimEnd() : "";
    this.#hasOrigin = last === "Origin Expires";
    if (!this.#hasOrigin && last !== "Expires PEName PEData" && last !== "Expires") {
      throw new DecodeError(
        `The file does not begin with the heading of /proc/net/ip_vs_conn, but with ${quote(head)}`,
      );
    }
    this.#hasHead = true;
    return end + 1;
  }

  #error(bytes: Uint8Array, start: number): DecodeError {
    const end = bytes.indexOf(LINE_FEED, start);
    const text = textOf(bytes.subarray(start, end < 0 ? bytes.length : end));
    return new DecodeError(`Line ${this.#number} is not a connection: ${quote(text)}`);
  }
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 90 ? `${text.slice(0, 90)}…` : text);
}
