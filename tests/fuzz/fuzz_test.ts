import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { hardKernel } from "../_hard_cases.ts";
import { withTempDir } from "../_commands.ts";
import { installCounters } from "../capture/_count_work.ts";
import { checkFile, encodeAll } from "./_check.ts";
import { compareOutputs, type Outputs } from "./_compare.ts";
import { writeCapture } from "./_capture.ts";
import { parseMessages, writeMessages } from "./_messages.ts";
import { fuzz, Inputs, tryFile } from "./_run.ts";
import { fixedCaptures } from "./_seeds.ts";

const DATA = new URL("../capture/data/", import.meta.url);

/** Runs a function with instrumented built-in functions, as the fuzzer does. */
function withCounters<T>(run: () => T): T {
  const restore = installCounters();
  try {
    return run();
  } finally {
    restore();
  }
}

Deno.test("the fuzzer finds no failure in 200 inputs, some of them accepted and some rejected", () => {
  const plan = { seed: 1, inputs: 200, first: 0, folder: "/nonexistent" };
  const { accepted, failures } = withCounters(() => fuzz(plan, checkFile, console.error));
  assert.equal(failures, 0);
  assert.ok(accepted > 50 && accepted < 180, String(accepted));
});

Deno.test("all captures in tests/capture/data pass the fuzzer's checks", () => {
  const names = [...Deno.readDirSync(DATA)].map(({ name }) => name)
    .filter((name) => /\.pcap(ng)?$/.test(name));
  assert.ok(names.length > 5);
  for (const name of names) {
    const outcome = withCounters(() => tryFile(Deno.readFileSync(new URL(name, DATA)), checkFile));
    if (outcome instanceof Error) throw new Error(name, { cause: outcome });
  }
});

Deno.test("the fuzzer's captures are written as they were parsed", () => {
  for (const capture of fixedCaptures()) {
    const recording = openRecording(writeCapture(capture));
    assert.ok(recording.selectRound().complete);
    for (const { messages, littleEndian } of capture.frames) {
      if (messages instanceof Uint8Array) continue;
      const bytes = writeMessages(messages, littleEndian);
      assert.deepEqual(parseMessages(bytes, littleEndian), messages);
    }
  }
});

Deno.test("a seed determines the inputs, regardless of the first one", () => {
  const bytesOf = (inputs: Inputs, index: number) => writeCapture(inputs.make(index)).join();
  const [one, same, other] = [new Inputs(5), new Inputs(5), new Inputs(6)];
  const last = bytesOf(same, 30);
  let different = 0;
  for (let index = 20; index < 30; index++) {
    const bytes = bytesOf(one, index);
    assert.equal(bytesOf(same, index), bytes);
    if (bytesOf(other, index) !== bytes) different++;
  }
  assert.equal(bytesOf(one, 30), last);
  assert.ok(different > 5);
});

/** A check that fails for the fuzzer to find: no file may contain the fwmark 7. */
function rejectFwmark7(file: Uint8Array): boolean {
  const text = Array.from(file, (byte) => String.fromCharCode(byte)).join("");
  if (text.includes("\x08\0\x05\0\x07\0\0\0")) throw new Error("fwmark 7 at offset 123");
  return true;
}

Deno.test("the fuzzer shrinks and writes failing inputs, and reports commands to reproduce them", async () => {
  await withTempDir((folder) => {
    const log: string[] = [];
    const plan = { seed: 3, inputs: 400, first: 0, folder };
    const { accepted, failures } = fuzz(plan, rejectFwmark7, (line) => log.push(line));
    assert.ok(failures > 0 && accepted === plan.inputs - failures);
    const files = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
    assert.equal(files.length, Math.min(failures, 10));
    for (const file of files) {
      const bytes = Deno.readFileSync(file);
      assert.throws(() => rejectFwmark7(bytes), /fwmark 7/);
      assert.ok(bytes.length < 200, `${file} has ${bytes.length} bytes`);
      assert.ok(log.includes(`  ipvstat --replay ${file} -o json`));
      assert.ok(log.includes(`  deno task fuzz ${file}`));
    }
    assert.ok(log.some((line) => /^input \d+ of seed 3: Error: fwmark 7/.test(line)));
  });
});

const outputs = encodeAll(collect(hardKernel()));

/** Changes of one format that the others do not have. */
const CHANGES: readonly (readonly [what: string, change: Partial<Outputs>])[] = [
  ["a digit of JSON", { json: outputs.json.replace('"connections":1,', '"connections":2,') }],
  ["a virtual server of JSON", { json: outputs.json.replace(/\n\{"address_family".*,$/m, "\n") }],
  ["a line of line protocol", { influx: outputs.influx.replace(/^ipvs_real_server.*\n/m, "") }],
  ["a series twice", {
    extended: outputs.extended.replace(/^ipvs_cpu,cpu=1 /m, "ipvs_cpu,cpu=0 "),
  }],
  ["a time", { influx: outputs.influx.replace(/ \d+\n/, " 1\n") }],
  ["a sample of Prometheus", { prometheus: outputs.prometheus.replace(/^ipvs_real_.*\n/m, "") }],
  ["a label", { prometheus: outputs.prometheus.replace('tunnel_port="5555"', 'tunnel_port="1"') }],
  ["a sample of OpenMetrics", { openmetrics: outputs.openmetrics.replace(/^ipvs_.*\n/m, "") }],
  ["a count of the table", { table: outputs.table.replace(/\d+ real servers/, "1 real servers") }],
  ["an escape sequence", { table: `\x1b[31m${outputs.table}` }],
];
for (const [what, change] of CHANGES) {
  Deno.test(`the fuzzer's comparison detects a difference in one format: ${what}`, () => {
    const [name] = Object.keys(change) as (keyof Outputs)[];
    assert.notEqual(change[name!], outputs[name!]);
    compareOutputs(outputs);
    assert.throws(() => compareOutputs({ ...outputs, ...change }));
  });
}
