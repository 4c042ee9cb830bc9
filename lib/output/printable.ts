/**
 * Makes untrusted text safe for terminals and JSON. Names in captures, in the kernel and of files can
 * contain escape sequences, and characters that hide or reorder others.
 *
 * @module
 */

const PLAIN = /^[\x20-\x7e]*$/;
/** Control, format, separator and invisible characters; all spaces other than U+0020. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** About seven lines of a terminal, enough for a path and a reason. */
const LONGEST = 600;

/**
 * Text for people, in one line: invisible characters become escapes such as `\x1b` or `\u202e`, and
 * the middle of a text of more than `longest` characters is omitted.
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
  return PLAIN.test(short) ? short : short.replace(INVISIBLE, escape);
}

/** Like JSON.stringify(), with invisible characters escaped. */
export function jsonText(value: unknown): string {
  const json = JSON.stringify(value);
  return PLAIN.test(json) ? json : json.replace(INVISIBLE, escapeUnits);
}

/** Keeps the beginning and the end, where a message gives the reason. */
function withoutMiddle(text: string, longest: number): string {
  const end = Math.floor(longest / 3);
  const left = text.length - longest;
  const [head, tail] = [text.slice(0, longest - end), text.slice(-end)];
  // Do not split surrogate pairs.
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

/** JSON escapes are UTF-16 code units. */
function escapeUnits(character: string): string {
  return character.split("").map((part) => unit(part.charCodeAt(0))).join("");
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
