/** Too few descriptors: one line and exit code 1, whenever the runtime starts at all. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { withTempDir } from "../_commands.ts";
import { PROGRAMS, shell } from "./_programs.ts";

/** From more than either runtime needs to fewer. */
const LIMITS = Array.from({ length: 32 }, (_, i) => 40 - i);

for (const program of PROGRAMS) {
  Deno.test({
    name: `${program.name}: with too few descriptors a file is written completely or refused`,
    ignore: program.ignore,
    fn: () =>
      withTempDir(async (cwd) => {
        const outcomes = new Set<string>();
        for (const limit of LIMITS) {
          Deno.writeTextFileSync(join(cwd, "file"), "old");
          const script = `ulimit -n ${limit}; ipvstat --demo --output-file file`;
          const { code, stdout, stderr } = await shell(program, script, { cwd });
          // With fewer descriptors the runtime does not start the program.
          if (!stderr.startsWith("ipvstat: ") && code !== 0) {
            assert.ok(outcomes.has("refused"), stderr);
            break;
          }
          assert.equal(stdout, "");
          assert.deepEqual([...Deno.readDirSync(cwd)].map(({ name }) => name), ["file"]);
          const isOld = Deno.readTextFileSync(join(cwd, "file")) === "old";
          assert.deepEqual([code, isOld], code === 0 ? [0, false] : [1, true], `${limit}`);
          if (code === 0) assert.equal(stderr, "");
          else assert.match(stderr, /^ipvstat: Cannot write file: too many open files\n$/);
          outcomes.add(code === 0 ? "written" : "refused");
        }
        assert.ok(outcomes.has("written"));
      }),
  });
}
