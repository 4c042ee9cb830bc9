import assert from "node:assert/strict";
import { elfMachine, neededGlibc } from "../../packaging/elf.ts";
import { hostTarget } from "../../packaging/targets.ts";
import { cannotCompile, denort } from "./_denort.ts";

Deno.test({
  name: "elfMachine() returns the machine of a program for this machine",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    assert.equal(await elfMachine(Deno.execPath()), hostTarget().machine);
  },
});

Deno.test("elfMachine() throws if the file is not an ELF file, and names it", async () => {
  const path = import.meta.filename!;
  await assert.rejects(elfMachine(path), { message: `${path} is not a 64-bit ELF file` });
});

Deno.test({
  name: "neededGlibc() returns the highest version that a program needs",
  ignore: cannotCompile(),
  fn: async () => {
    // According to readelf --version-info, which lists lower versions too.
    assert.equal(await neededGlibc(await denort()), "2.27");
  },
});
