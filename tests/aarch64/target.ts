/** Shows that the suite runs on aarch64: the test is named after the target, and checks it. */
import assert from "node:assert/strict";

const EM_AARCH64 = 183;

Deno.test(`Deno ${Deno.version.deno} for ${Deno.build.target} runs these tests`, () => {
  assert.equal(Deno.build.target, "aarch64-unknown-linux-gnu");
  // An ELF file names its machine in its header.
  using program = Deno.openSync(Deno.execPath());
  const header = new Uint8Array(20);
  program.readSync(header);
  assert.equal(new DataView(header.buffer).getUint16(18, true), EM_AARCH64);
});
