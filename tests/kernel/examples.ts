/** The example programs that read the kernel through the library. */
import assert from "node:assert/strict";
import { seen } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("examples.sh");

test("examples/draining.ts lists the connections of a real server with weight 0", (files) => {
  const { status, out, err } = seen(files, "draining");
  assert.deepEqual([status, err], [1, ""]);
  assert.match(out, /^(tcp 192\.0\.2\.10:80 -> 10\.2\.1\.2:80: 3 active connections\n)+$/);
});

test("examples/draining.ts exits 0 if no connection is left", (files) => {
  assert.deepEqual(seen(files, "drained"), { status: 0, out: "", err: "" });
});

test("examples/rates.ts prints the rate of each virtual server between two snapshots", (files) => {
  const { status, out, err } = seen(files, "rates");
  assert.deepEqual([status, err], [0, ""]);
  assert.equal(out, "tcp 192.0.2.10:80: 0.0 conn/s\n");
});
