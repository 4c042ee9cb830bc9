/** Checks that the tests run on aarch64, and reports the target in the name of the test. */
import assert from "node:assert/strict";

const EM_AARCH64 = 183;

Deno.test(`Deno ${Deno.version.deno} for ${Deno.build.target} runs these tests`, () => {
  assert.equal(Deno.build.target, "aarch64-unknown-linux-gnu");
  // The header of an ELF file has the machine.
  using program = Deno.openSync(Deno.execPath());
  const header = new Uint8Array(20);
  program.readSync(header);
  assert.equal(new DataView(header.buffer).getUint16(18, true), EM_AARCH64);
});
