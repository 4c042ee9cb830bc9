import assert from "node:assert/strict";
import { join } from "node:path";
import { NamesFile, NamesFileError } from "../../lib/commands/names_file.ts";
import { withTempDir } from "../_commands.ts";

Deno.test("names are read again when the file changes, and kept while it cannot be read", async () => {
  await withTempDir((dir) => {
    const path = join(dir, "names.jsonl");
    const write = (text: string) => Deno.writeTextFileSync(path, text);
    write('{"name":"a","fwmark":1}\n');
    const file = new NamesFile(path);
    const first = file.current();
    assert.equal(first.entries[0]?.name, "a");
    assert.equal(file.current(), first);
    write('{"name":"longer","fwmark":1}\n');
    const second = file.current();
    assert.equal(second.entries[0]?.name, "longer");
    write("not JSON\n");
    assert.equal(file.current(), second);
    Deno.removeSync(path);
    assert.equal(file.current(), second);
    write('{"name":"back","fwmark":1}\n');
    assert.equal(file.current().entries[0]?.name, "back");
  });
});

Deno.test("a names file that cannot be read at the start is an error that names it", async () => {
  await withTempDir((dir) => {
    const path = join(dir, "names.jsonl");
    const fails = (reason: string) =>
      assert.throws(() => new NamesFile(path), (error) => {
        assert.ok(error instanceof NamesFileError);
        assert.equal(error.message, `Cannot read names from ${path}: ${reason}`);
        return true;
      });
    fails("no such file or directory");
    Deno.writeTextFileSync(path, "[");
    fails("the list is not JSON");
    Deno.writeTextFileSync(path, '\n{"name":"a"}');
    fails('line 2 has neither an "address" nor a "fwmark"');
  });
});
