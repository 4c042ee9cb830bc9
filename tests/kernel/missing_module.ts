/** What every command does where ip_vs is not loaded, and that none of them loads it. */
import assert from "node:assert/strict";
import { FORMATS } from "../../lib/commands/options.ts";
import { assertSameReport } from "../doctor/_forms.ts";
import { assertFailure, type Files, seen, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";
import { assertOld } from "./_over_old.ts";
import { check, reportOf } from "./_report.ts";

const test = phase("missing_module.sh", { withoutModules: true });

test("every reading command ends in exit code 3 and one line where ip_vs is not loaded", (files) => {
  for (const name of [...FORMATS.map((format) => `show-${format}`), "record"]) {
    assertFailure(files, name, 3);
    assert.match(seen(files, name).err, /modprobe ip_vs/);
  }
});

test("a file is as it was where ip_vs is not loaded", (files) => {
  for (const command of ["show", "record"]) assertOld(files, `over-${command}`, 3);
});

test("doctor tells that ip_vs is not loaded", (files) => {
  const { status, finding, fix } = check(files, "doctor", "module");
  assert.equal(status, "failed");
  assert.match(finding, /^ip_vs is not loaded; the module is kernel\/\S+\/ip_vs\.ko(\.xz)?$/);
  assert.deepEqual(fix, ["sudo modprobe ip_vs"]);
  assert.match(check(files, "doctor", "family").finding, /^not checked: the lookup/);
  const message = `ipvstat: ${check(files, "doctor", "show").finding}; try: `;
  assert.ok(seen(files, "show-table").err.startsWith(message));
});

test("doctor exits 3 and says the same in both forms where ip_vs is not loaded", (files) => {
  const { status, out, err } = seen(files, "doctor");
  assert.deepEqual([status, err], [3, ""]);
  assert.equal(seen(files, "doctor-json").status, 3);
  assert.equal(reportOf(files, "doctor").exit_code, 3);
  assertSameReport(out, reportOf(files, "doctor"));
});

/** The kernel itself asks for who might have a family that is looked up. */
const LOOKUP = "-q -- net-pf-16-proto-16-family-IPVS";

test("no command loads a module, or asks for one", (files: Files) => {
  assert.equal(textOf(files, "modules-after.txt"), textOf(files, "modules-before.txt"));
  assert.doesNotMatch(textOf(files, "modules-after.txt"), /^ip_vs /m);
  const asked = textOf(files, "modprobe.log").split("\n").filter((line) => line !== "");
  assert.deepEqual(asked.filter((line) => line !== LOOKUP), []);
});
