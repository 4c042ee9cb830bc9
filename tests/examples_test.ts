import assert from "node:assert/strict";

function run(...args: string[]) {
  const { code, stdout, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-ffi", "examples/weights.ts", ...args],
    cwd: new URL("../", import.meta.url),
    env: { NO_COLOR: "1" },
  }).outputSync();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

Deno.test("examples/weights.ts prints the weights in a capture as CSV", () => {
  const { code, out } = run("testdata/demo/capture.pcap");
  assert.equal(code, 0);
  const lines = out.trimEnd().split("\n");
  assert.deepEqual([lines[0], lines.length], ["virtual server,real server,weight", 20]);
  assert.ok(lines.includes("tcp 192.0.2.10:443,10.2.2.12:443,0"));
});

Deno.test("examples/weights.ts reports a file that is not a capture", () => {
  const { code, err } = run("README.md");
  assert.equal(code, 1);
  assert.match(err, /^README\.md: Cannot read capture: [^\n]+\n$/);
});
