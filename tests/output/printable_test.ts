import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonText, printable } from "../../lib/output/printable.ts";

/** An example of each kind of character that affects a terminal or is invisible. */
const HARMFUL: readonly [kind: string, text: string, escaped: string][] = [
  ["escape", "\x1b[2J", "\\x1b[2J"],
  ["line feed", "a\nb\r\tc", "a\\nb\\r\\tc"],
  ["delete", "\x7f", "\\x7f"],
  ["C1 control sequence", "\x9b31m", "\\x9b31m"],
  ["bidirectional override", "\u202etxt.exe", "\\u202etxt.exe"],
  ["bidirectional isolate", "\u2067\u2069", "\\u2067\\u2069"],
  ["right-to-left mark", "\u200f\u061c", "\\u200f\\u061c"],
  ["zero width space and joiner", "a\u200b\u200db", "a\\u200b\\u200db"],
  ["byte order mark", "\ufeff", "\\ufeff"],
  ["soft hyphen", "\xad", "\\xad"],
  ["line and paragraph separator", "\u2028\u2029", "\\u2028\\u2029"],
  ["no-break and ideographic space", "\xa0\u3000", "\\xa0\\u3000"],
  ["Hangul filler", "\u3164", "\\u3164"],
  ["variation selector", "\ufe0f", "\\ufe0f"],
  ["tag", "\u{e0041}", "\\u{e0041}"],
  ["lone surrogate", "\ud83d", "\\ud83d"],
];

for (const [kind, text, escaped] of HARMFUL) {
  Deno.test(`printable() escapes: ${kind}`, () => {
    assert.equal(printable(text), escaped);
  });

  Deno.test(`jsonText() escapes, and JSON.parse() restores: ${kind}`, () => {
    assert.match(jsonText(`"${text}\\`), /^[\x20-\x7e]*$/);
    assert.equal(JSON.parse(jsonText(`"${text}\\`)), `"${text}\\`);
  });
}

Deno.test("printable() and jsonText() do not change letters of any script, symbols and emoji", () => {
  for (const text of ["tcp 10.0.0.1:80", "naïve Größe, 東京 שלום", "“✓” 😀", "a\\b"]) {
    assert.equal(printable(text), text);
    assert.equal(jsonText(text), JSON.stringify(text));
  }
});

Deno.test("printable() removes control characters from any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 900 }), (text) => {
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(printable(text), /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]/);
  }));
});

Deno.test("jsonText() parses to the same value for any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.equal(JSON.parse(jsonText(text)), text);
  }));
});

Deno.test("printable() replaces the middle of a long text by its length", () => {
  const text = `begin ${"x".repeat(5000)} end`;
  const short = printable(text, 90);
  assert.match(short, /^begin x{54}\[… 4920 more …\]x{26} end$/);
  assert.equal(printable("x".repeat(90), 90), "x".repeat(90));
});

Deno.test("printable() does not split surrogate pairs", () => {
  for (const longest of [60, 61, 62, 63, 64, 65]) {
    assert.match(printable("😀".repeat(500), longest), /^😀+\[… \d+ more …\]😀+$/u);
  }
});

Deno.test("printable() shortens a text of megabytes to a few lines", () => {
  assert.ok(printable("\x1b".repeat(10_000_000)).length < 10_000);
});
