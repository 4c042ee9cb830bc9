/** The output of a monitoring plugin. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { pluginOutput, unknownOutput } from "../../lib/check/plugin_output.ts";
import { type Problem, STATUSES, worstStatus } from "../../lib/check/result.ts";

const problem = (status: Problem["status"], text: string): Problem => ({ status, text });

Deno.test("pluginOutput() without problems is one line with the summary and performance data", () => {
  const text = pluginOutput({
    summary: "all is well",
    problems: [],
    data: [
      { label: "servers", value: 3, unit: "" },
      { label: "usable", value: 2, unit: "", warningBelow: 2, criticalBelow: 1, maximum: 3 },
      { label: "part", value: 66, unit: "%", criticalBelow: 50, maximum: 100 },
      { label: "bytes", value: 2n ** 64n - 1n, unit: "c" },
    ],
  });
  assert.equal(
    text,
    "IPVS OK - all is well | servers=3;;;0 usable=2;2:;1:;0;3 part=66%;;50:;0;100 " +
      "bytes=18446744073709551615c;;;0\n",
  );
});

Deno.test("pluginOutput() has the worst status, the most urgent problems first, and a line for each", () => {
  const problems = [
    problem("WARNING", "a"),
    problem("UNKNOWN", "b"),
    problem("CRITICAL", "c"),
    problem("WARNING", "d"),
  ];
  assert.equal(
    pluginOutput({ summary: "unused", problems, data: [] }),
    "IPVS CRITICAL - c; b (and 2 more)\nCRITICAL c\nUNKNOWN b\nWARNING a\nWARNING d\n",
  );
  assert.equal(worstStatus(problems.slice(0, 2)), "UNKNOWN");
  assert.equal(worstStatus(problems.slice(0, 1)), "WARNING");
  assert.deepEqual([...STATUSES], ["OK", "WARNING", "CRITICAL", "UNKNOWN"]);
});

Deno.test("no text ends the first line or begins performance data", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    for (
      const output of [
        unknownOutput(text),
        pluginOutput({ summary: text, problems: [], data: [] }),
      ]
    ) assert.match(output, /^IPVS (OK|UNKNOWN) - [^|\n]*\n$/);
  }));
  assert.equal(unknownOutput("a|b\nc"), "IPVS UNKNOWN - a\\x7cb\\nc\n");
});
