/**
 * Labels as bytes: repeated text is encoded once per distinct value.
 *
 * @module
 */
import type { Server } from "../ipvs/server.ts";
import type { Label, LabelValue } from "../metrics/labels.ts";
import { type ByteWriter, utf8 } from "./byte_writer.ts";

const MAXIMUM_TEXTS = 1000;

/** How a format writes labels. */
export interface LabelSyntax<S> {
  /** What precedes a value, and what follows an address or an integer. */
  readonly before: (label: Label<S>) => string;
  readonly after: string;
  /** A whole label with a value that is neither an address nor an integer; empty to omit it. */
  readonly whole: (label: Label<S>, value: LabelValue) => string;
  /** A whole label without a value; by default it is omitted. */
  readonly unknown?: (label: Label<S>) => string;
}

/** Writes one label of one server after the other. */
export class LabelWriter<S extends Server> {
  readonly #label: Label<S>;
  readonly #syntax: LabelSyntax<S>;
  readonly #before: Uint8Array;
  readonly #after: Uint8Array;
  readonly #unknown: Uint8Array;
  readonly #texts = new Map<string | boolean, Uint8Array<ArrayBuffer>>();
  /** The last value, which is mostly the next one, too. */
  #last: LabelValue | undefined;
  #lastBytes = new Uint8Array(0);

  /** Writes a label in the syntax of a format. */
  constructor(label: Label<S>, syntax: LabelSyntax<S>) {
    this.#label = label;
    this.#syntax = syntax;
    this.#before = utf8(syntax.before(label));
    this.#after = utf8(syntax.after);
    this.#unknown = utf8(syntax.unknown?.(label) ?? "");
  }

  /** Writes the server's label, also if it has no value. */
  write(out: ByteWriter, server: S): void {
    const ipv4 = this.#label.type === "address" ? server.ipv4 : undefined;
    const value = ipv4 ?? this.#label.read(server);
    if (value === undefined) return out.raw(this.#unknown);
    if (value === this.#last) return out.raw(this.#lastBytes);
    if (this.#label.type !== "address" && typeof value !== "number") {
      this.#last = value;
      this.#lastBytes = this.#text(value);
      return out.raw(this.#lastBytes);
    }
    out.raw(this.#before);
    if (ipv4 !== undefined) out.ipv4(ipv4);
    else if (typeof value === "number") out.number(value);
    else out.text(String(value));
    out.raw(this.#after);
  }

  #text(value: Exclude<LabelValue, number>): Uint8Array<ArrayBuffer> {
    const key = typeof value === "object" ? value.join("\n") : value;
    let bytes = this.#texts.get(key);
    if (bytes === undefined) {
      if (this.#texts.size === MAXIMUM_TEXTS) this.#texts.clear();
      this.#texts.set(key, bytes = utf8(this.#syntax.whole(this.#label, value)));
    }
    return bytes;
  }
}
