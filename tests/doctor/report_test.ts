import assert from "node:assert/strict";
import { doctor } from "../../lib/commands/doctor.ts";
import { type Report, reportJson, reportText } from "../../lib/doctor/report.ts";
import { assertSameReport } from "./_forms.ts";
import { fakeMachine, refusal, report } from "./_machine.ts";

const REPORT: Report = {
  exitCode: 4,
  checks: [
    { id: "kernel", status: "ok", finding: "Linux 6.1", values: { release: "6.1" } },
    { id: "capability", status: "failed", finding: "missing", fix: ["sudo ipvstat", "a unit"] },
    { id: "ipv6", status: "unknown", finding: "a\x1b[31mb\nc" },
    { id: "estimator", status: "warning", finding: "frozen", fix: ["sudo sysctl -w x=1"] },
  ],
};

Deno.test("reportText() has a line for each check, followed by its fixes", () => {
  assert.equal(
    reportText(REPORT, false),
    `ok       kernel      Linux 6.1
failed   capability  missing
                     fix: sudo ipvstat
                      or: a unit
unknown  ipv6        a\\x1b[31mb\\nc
warning  estimator   frozen
                     fix: sudo sysctl -w x=1

exit code 4, the same as ipvstat show
`,
  );
});

Deno.test("reportText() colours only the status", () => {
  const plain = reportText(REPORT, false);
  const colored = reportText(REPORT, true);
  assert.ok(colored.startsWith("\x1b[32mok\x1b[0m       kernel"));
  const parts = colored.split("\x1b[");
  const starts = parts.slice(1).map((part) => part.match(/^\d+m\w*/)![0]);
  const expected = ["32mok", "0m", "31mfailed", "0m", "2munknown", "0m", "33mwarning", "0m"];
  assert.deepEqual(starts, expected);
  assert.equal(
    parts.map((part, i) => (i === 0 ? part : part.replace(/^\d+m/, ""))).join(""),
    plain,
  );
});

Deno.test("reportJson() is one document of version 1 with a line for each check", () => {
  const text = reportJson(REPORT, "0.1.0");
  assert.deepEqual(JSON.parse(text), {
    version: 1,
    ipvstat: "0.1.0",
    exit_code: 4,
    checks: REPORT.checks,
  });
  assert.equal(text.split("\n").length, REPORT.checks.length + 3);
  assert.match(text, /^\{"id":"kernel","status":"ok","finding":"Linux 6\.1","values":/m);
});

Deno.test("both forms of a report have the same contents", async () => {
  const both = await report({ refusal: refusal(1) });
  assertSameReport(reportText(both, false), JSON.parse(reportJson(both, "0")));
});

Deno.test("doctor() writes the requested form and returns the exit code of the outcome", async () => {
  const outputs = [];
  for (const format of ["table", "json"] as const) {
    for (const setting of [{}, { refusal: refusal(1) }]) {
      let text = "";
      const sink = (bytes: Uint8Array) => void (text += new TextDecoder().decode(bytes));
      const code = await doctor(fakeMachine(setting), sink, {
        format,
        color: false,
        explain: (error) => Promise.resolve({ code: 4, line: (error as Error).message }),
        verdict: ({ state }) => (state === "verified" ? 0 : 5),
      });
      outputs.push([code, text.slice(0, 12)]);
    }
  }
  assert.deepEqual(outputs, [
    [0, "ok       ker"],
    [4, "ok       ker"],
    [0, '{"version":1'],
    [4, '{"version":1'],
  ]);
});
