import assert from "node:assert/strict";
import { join } from "node:path";
import { WriteError } from "../../lib/commands/output.ts";
import { OutputFile } from "../../lib/commands/output_file.ts";
import { type Result, run, withTempDir } from "../_commands.ts";

const NOBODY = 65_534;

/** Runs a test in a temporary folder, in which only the given names may be left. */
function test(
  name: string,
  left: readonly string[],
  body: (path: (name: string) => string) => void | Promise<void>,
): void {
  Deno.test(name, () =>
    withTempDir(async (dir) => {
      await body((name) => join(dir, name));
      assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name).sort(), left);
    }));
}

function write(path: string, ...chunks: readonly string[]): void {
  using file = new OutputFile(path);
  for (const chunk of chunks) file.sink(new TextEncoder().encode(chunk));
  file.commit();
}

function modeOf(path: string): number {
  return Deno.statSync(path).mode! & 0o7777;
}

function refuses(path: string, reason: RegExp): void {
  assert.throws(() => new OutputFile(path), (error) => {
    assert.ok(error instanceof WriteError, String(error));
    assert.match(error.message, reason);
    assert.ok(error.message.startsWith(`Cannot write ${path}: `), error.message);
    return true;
  });
}

test("OutputFile creates the file on commit, not before", ["new"], (path) => {
  using file = new OutputFile(path("new"));
  const names = () => [...Deno.readDirSync(path("."))].map(({ name }) => name);
  assert.deepEqual(names(), []);
  file.sink(new TextEncoder().encode("one "));
  file.sink(new TextEncoder().encode("two"));
  const [name, ...others] = names();
  assert.deepEqual(others, []);
  assert.match(name!, /^\.ipvstat-[0-9a-f-]{36}$/);
  assert.equal(modeOf(path(name!)), 0o600);
  file.commit();
  assert.equal(Deno.readTextFileSync(path("new")), "one two");
});

test("OutputFile creates an empty file if nothing was written", ["new"], (path) => {
  write(path("new"));
  assert.equal(Deno.readTextFileSync(path("new")), "");
});

test("OutputFile gives a new file mode 0644, whatever the umask", ["new"], (path) => {
  const umask = Deno.umask(0o077);
  try {
    write(path("new"), "new");
  } finally {
    Deno.umask(umask);
  }
  assert.equal(modeOf(path("new")), 0o644);
});

test("OutputFile keeps the mode of the file that it replaces", ["old"], (path) => {
  Deno.writeTextFileSync(path("old"), "older and longer");
  for (const mode of [0o640, 0o600, 0o666]) {
    Deno.chmodSync(path("old"), mode);
    write(path("old"), `${mode}`);
    assert.equal(modeOf(path("old")), mode);
    assert.equal(Deno.readTextFileSync(path("old")), `${mode}`);
  }
});

test("OutputFile keeps owner and group if the process may set them", ["old"], (path) => {
  Deno.writeTextFileSync(path("old"), "old");
  const isRoot = Deno.uid() === 0;
  if (isRoot) Deno.chownSync(path("old"), NOBODY, NOBODY);
  write(path("old"), "new");
  const { uid, gid } = Deno.statSync(path("old"));
  assert.deepEqual([uid, gid], isRoot ? [NOBODY, NOBODY] : [Deno.uid(), Deno.gid()]);
});

test(
  "OutputFile follows symbolic links and keeps them",
  ["a", "b", "c"],
  (path) => {
    Deno.writeTextFileSync(path("c"), "old");
    Deno.symlinkSync("b", path("a"));
    Deno.symlinkSync(path("c"), path("b"));
    write(path("a"), "new");
    assert.equal(Deno.readLinkSync(path("a")), "b");
    assert.equal(Deno.readLinkSync(path("b")), path("c"));
    assert.ok(Deno.lstatSync(path("c")).isFile);
    assert.equal(Deno.readTextFileSync(path("c")), "new");
  },
);

test("OutputFile creates the missing target of a symbolic link", ["dir", "link"], (path) => {
  Deno.mkdirSync(path("dir"));
  Deno.symlinkSync("dir/new", path("link"));
  write(path("link"), "new");
  assert.deepEqual([...Deno.readDirSync(path("dir"))].map(({ name }) => name), ["new"]);
  assert.equal(Deno.readTextFileSync(path("dir/new")), "new");
});

test("OutputFile leaves only the old file if it is not committed", ["old"], (path) => {
  Deno.writeTextFileSync(path("old"), "old");
  for (const chunk of ["", "new".repeat(100_000)]) {
    using file = new OutputFile(path("old"));
    file.sink(new TextEncoder().encode(chunk));
  }
  assert.equal(Deno.readTextFileSync(path("old")), "old");
});

test("OutputFile keeps the data of the last of several writers", ["new"], (path) => {
  using first = new OutputFile(path("new"));
  using second = new OutputFile(path("new"));
  first.sink(new TextEncoder().encode("first, longer"));
  second.sink(new TextEncoder().encode("second"));
  first.commit();
  assert.equal(Deno.readTextFileSync(path("new")), "first, longer");
  second.commit();
  assert.equal(Deno.readTextFileSync(path("new")), "second");
});

test("OutputFile refuses anything but a regular file", ["fifo"], async (path) => {
  refuses(path("."), /it is a directory; use a file name, or - for standard output$/);
  refuses(`${path(".")}/`, /it is a directory;/);
  await run(["mkfifo", path("fifo")]);
  refuses(path("fifo"), /it is a FIFO;/);
});

test("OutputFile refuses files below /dev, /proc and /sys", ["link"], (path) => {
  Deno.symlinkSync("/dev/full", path("link"));
  for (const name of ["/dev/stdout", "/dev/shm/new", "//proc/self/new", "/sys", path("link")]) {
    refuses(name, /it is below \/dev, \/proc or \/sys; use a file elsewhere, or - for standard/);
  }
});

test(
  "OutputFile refuses a missing directory, and a file used as one",
  ["a", "b", "file"],
  (path) => {
    refuses(path("none/new"), /: no such directory: \S+none\/$/);
    Deno.writeTextFileSync(path("file"), "");
    refuses(path("file/new"), /: not a directory$/);
    Deno.symlinkSync("a", path("b"));
    Deno.symlinkSync("b", path("a"));
    refuses(path("a"), /: too many levels of symbolic links$/);
  },
);

/** Runs a program with an OutputFile `file` for the path. */
async function program(path: string, body: string): Promise<Result> {
  const module = new URL("../../lib/commands/output_file.ts", import.meta.url);
  const code = `import { OutputFile } from ${JSON.stringify(module)};
    using file = new OutputFile(Deno.args[0]);
    const write = (text) => file.sink(new TextEncoder().encode(text));
    ${body}`;
  return await run([Deno.execPath(), "eval", "--quiet", code, path], { env: { NO_COLOR: "1" } });
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  test(`OutputFile is completed before ${signal} takes effect`, ["old"], async (path) => {
    Deno.writeTextFileSync(path("old"), "old");
    const result = await program(
      path("old"),
      `write("one "); Deno.kill(Deno.pid, "${signal}"); write("two"); file.commit();`,
    );
    assert.deepEqual(result, { code: 0, stdout: "", stderr: "" });
    assert.equal(Deno.readTextFileSync(path("old")), "one two");
  });
}

test("OutputFile unblocks signals after the commit", ["new"], async (path) => {
  const { code } = await program(
    path("new"),
    `write("new"); file.commit(); Deno.kill(Deno.pid, "SIGTERM"); for (;;) await 0;`,
  );
  assert.equal(code, 128 + 15);
});

test("OutputFile leaves the old file if the file size limit is exceeded", ["old"], async (path) => {
  Deno.writeTextFileSync(path("old"), "old");
  const { code, stderr } = await program(
    path("old"),
    // The limit must not apply to Deno's own cache, neither before nor after.
    `write("new");
    const pid = String(Deno.pid);
    const limit = (size) =>
      new Deno.Command("prlimit", { args: ["--fsize=" + size, "--pid", pid] }).outputSync();
    limit("1000:unlimited");
    try {
      write("x".repeat(10_000));
    } finally {
      limit("unlimited");
    }`,
  );
  assert.equal(code, 1);
  assert.match(stderr, /WriteError: Cannot write \S+old: file too large\n/);
  assert.equal(Deno.readTextFileSync(path("old")), "old");
});
