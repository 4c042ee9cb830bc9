/**
 * Text from elsewhere, made harmless: to a terminal, and in JSON. A capture, the kernel and whoever
 * names a file can put escape sequences into it, or characters that hide or reorder what stands
 * beside them.
 *
 * @module
 */

const PLAIN = /^[\x20-\x7e]*$/;
/** Controls, formats (bidirectional ones too), line separators, blanks but the space, the invisible. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** About seven lines of a terminal: a path and a reason fit. */
const LONGEST = 600;

/**
 * Text for people, in one line: what cannot be seen is written as an escape, such as `\x1b` or
 * `\u202e`, and a text of more than `longest` characters lacks its middle.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { printable } from "./printable.ts";
 *
 * assert.equal(printable("\x1b[2Ja\nb"), "\\x1b[2Ja\\nb");
 * ```
 */
export function printable(text: string, longest: number = LONGEST): string {
  const short = text.length > longest ? withoutMiddle(text, longest) : text;
  return PLAIN.test(short) ? short : short.replace(UNSEEN, escape);
}

/** Like JSON.stringify(), with everything escaped that cannot be seen. */
export function jsonText(value: unknown): string {
  const json = JSON.stringify(value);
  return PLAIN.test(json) ? json : json.replace(UNSEEN, escapeUnits);
}

/** The end is where a message says why. */
function withoutMiddle(text: string, longest: number): string {
  const end = Math.floor(longest / 3);
  const left = text.length - longest;
  const [head, tail] = [text.slice(0, longest - end), text.slice(-end)];
  // No half of a pair.
  return `${head.replace(/[\ud800-\udbff]$/, "")}[… ${left} more …]${
    tail.replace(/^[\udc00-\udfff]/, "")
  }`;
}

function escape(character: string): string {
  const code = character.codePointAt(0)!;
  if (code > 0xffff) return `\\u{${code.toString(16)}}`;
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  return code > 0xff ? unit(code) : `\\x${code.toString(16).padStart(2, "0")}`;
}

/** JSON has escapes of UTF-16 units alone. */
function escapeUnits(character: string): string {
  return character.split("").map((part) => unit(part.charCodeAt(0))).join("");
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
