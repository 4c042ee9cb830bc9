import assert from "node:assert/strict";
import { join } from "node:path";
import { readFile, readLink } from "../../ffi/proc_file.ts";
import { moduleTempDir } from "../_commands.ts";
import { nextDescriptor } from "./_descriptors.ts";

const ENOENT = 2, EINVAL = 22, EISDIR = 21;

const dir = moduleTempDir();

function file(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  Deno.writeFileSync(
    path,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
  return path;
}

// Opens libc, which stays open: Deno 2.4 would report it as a leak of the first test.
readLink("/proc/self/exe");

Deno.test("readFile() reads a whole file of any length, with characters of several bytes", () => {
  // With an odd first byte, every chunk ends within a character.
  const text = "x" + "é€😀\n".repeat(20_000);
  assert.equal(readFile(file("long", text)), text);
  assert.equal(readFile(file("empty", "")), "");
});

Deno.test("readFile() reads a file in /proc, whose size is unknown", () => {
  const found = readFile("/proc/self/status");
  assert.match(String(found), /^Name:\t.*\n(?:.*\n)*CapEff:\t[0-9a-f]{16}\n/);
});

Deno.test("readFile() reads about as many bytes as requested", () => {
  const path = file("some", "0123456789".repeat(5000));
  assert.equal(readFile(path, 15), "012345678901234");
  assert.equal(String(readFile(path, 1)), "0");
  const most = String(readFile(path, 20_000)).length;
  assert.ok(most >= 20_000 && most < 50_000, String(most));
});

Deno.test("readFile() returns the errno if a file cannot be opened or read", () => {
  assert.equal(readFile(join(dir, "none")), ENOENT);
  assert.equal(readFile(dir), EISDIR);
});

Deno.test("readLink() returns the target of a link, and an errno for anything else", () => {
  const link = join(dir, "link");
  const target = `/no/such/${"é".repeat(100)}`;
  Deno.symlinkSync(target, link);
  assert.equal(readLink(link), target);
  assert.match(String(readLink("/proc/self/ns/user")), /^user:\[\d+\]$/);
  assert.equal(readLink(join(dir, "none")), ENOENT);
  assert.equal(readLink(dir), EINVAL);
});

Deno.test("readFile() and readLink() leave no descriptor open", () => {
  const before = nextDescriptor();
  for (const path of ["/proc/self/status", dir, join(dir, "none")]) {
    readFile(path);
    readFile(path, 1);
    readLink(path);
  }
  assert.equal(nextDescriptor(), before);
});
