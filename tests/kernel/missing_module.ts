/** All commands without ip_vs: their exit codes and messages, and that they do not load it. */
import assert from "node:assert/strict";
import { assertFailure, type Files, seen, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";
import { assertUnchanged } from "./_overwrite.ts";
import { check, reportOf } from "./_report.ts";

const test = phase("missing_module.sh", { withoutModules: true });

test("show and record exit 3 with one line if ip_vs is not loaded", (files) => {
  for (const name of ["show-table", "show-json", "record"]) {
    assertFailure(files, name, 3);
    assert.match(seen(files, name).err, /modprobe ip_vs/);
  }
});

test("an existing file is unchanged if ip_vs is not loaded", (files) => {
  for (const command of ["show", "record"]) assertUnchanged(files, `over-${command}`, 3);
});

test("doctor reports that ip_vs is not loaded", (files) => {
  const { status, finding, fix } = check(files, "doctor", "module");
  assert.equal(status, "failed");
  assert.match(finding, /^ip_vs is not loaded; the module is kernel\/\S+\/ip_vs\.ko(\.xz)?$/);
  assert.deepEqual(fix, ["sudo modprobe ip_vs"]);
  assert.match(check(files, "doctor", "family").finding, /^not checked: the lookup/);
  const message = `ipvstat: ${check(files, "doctor", "show").finding}; try: `;
  assert.ok(seen(files, "show-table").err.startsWith(message));
});

test("doctor exits 3 if ip_vs is not loaded", (files) => {
  const { status, err } = seen(files, "doctor-json");
  assert.deepEqual([status, err], [3, ""]);
  assert.equal(reportOf(files, "doctor").exit_code, 3);
});

/** The kernel itself requests this module when a family is looked up. */
const LOOKUP = "-q -- net-pf-16-proto-16-family-IPVS";

test("no command loads or requests a module", (files: Files) => {
  assert.equal(textOf(files, "modules-after.txt"), textOf(files, "modules-before.txt"));
  assert.doesNotMatch(textOf(files, "modules-after.txt"), /^ip_vs /m);
  const requested = textOf(files, "modprobe.log").split("\n").filter((line) => line !== "");
  assert.deepEqual(requested.filter((line) => line !== LOOKUP), []);
});
