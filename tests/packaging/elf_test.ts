import assert from "node:assert/strict";
import { elfMachine, neededGlibc } from "../../packaging/elf.ts";
import { hostTarget } from "../../packaging/targets.ts";
import { cannotCompile, denort } from "./_denort.ts";

Deno.test({
  name: "elfMachine() has the machine of a program of this one",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    assert.equal(await elfMachine(Deno.execPath()), hostTarget().machine);
  },
});

Deno.test("elfMachine() refuses what is no ELF file, naming it", async () => {
  const path = import.meta.filename!;
  await assert.rejects(elfMachine(path), { message: `${path} is no 64-bit ELF file` });
});

Deno.test({
  name: "neededGlibc() has the highest of the versions that a program needs",
  ignore: cannotCompile(),
  fn: async () => {
    // As readelf --version-info says it; it needs 2.2.5 and others, too.
    assert.equal(await neededGlibc(await denort()), "2.27");
  },
});
