/**
 * The binary with only what it needs: in a read-only folder, with an empty environment, as nobody
 * with one capability.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { FORMATS } from "../../lib/commands/options.ts";
import { type Files, seen, textOf } from "../kernel/_files.ts";
import { binaryPhase, outputOf } from "./_guest.ts";

const USERS = ["root", "nobody"];
const testdata = join(import.meta.dirname!, "..", "..", "testdata", "demo");
const programs = { capsh: "libcap2-bin" };
const test = binaryPhase("least_privilege.sh", programs);
const straced = binaryPhase("least_privilege.sh", { ...programs, strace: "strace" });

/** A text without times, which differ from run to run. */
function timeless(text: string): string {
  return text.replaceAll(/\b\d{19}\b|\b\d{4}-\d\d-\d\d[ T][\d:.]+/g, "TIME");
}

/** The system calls of a traced program after its start, without process numbers. */
function callsOf(files: Files, name: string): string[] {
  const lines = textOf(files, name).trimEnd().split("\n").map((line) => line.replace(/^\d+ +/, ""));
  const start = lines.findIndex((line) => line.startsWith('execve("/ipvstat"'));
  assert.ok(start >= 0, name);
  return lines.slice(start + 1);
}

/** System calls that never change a file; for those that open one, see the flags. */
const HARMLESS = new Set([
  ...["access", "close", "epoll_create1", "epoll_ctl", "epoll_wait", "eventfd2", "fcntl", "fstat"],
  ...["getcwd", "ioctl", "lseek", "mmap", "newfstatat", "poll", "pread64", "read", "readlink"],
  ...["statx", "write"],
]);

function changesFiles(call: string): boolean {
  const [name] = call.split("(");
  if (name === "openat" || name === "open") {
    return !/O_RDONLY/.test(call) || /O_CREAT|O_TRUNC/.test(call);
  }
  return /^\w+\(/.test(call) && !HARMLESS.has(name!);
}

test("the folder contains the binary, its libraries and a recording", (files) => {
  const inside = textOf(files, "jail.txt").trim().split("\n");
  const others = inside.filter((path) => !/^\.\/(lib\w*\/.*\.so(\.\d+)?|dev\/\w+)$/.test(path));
  assert.deepEqual(others.sort(), ["./capture.pcap", "./ipvstat"]);
});

for (const user of USERS) {
  for (const format of FORMATS) {
    test(`show prints the same ${format} in there as outside: ${user}`, (files) => {
      const outside = timeless(outputOf(files, `outside-${user}-show-${format}`));
      assert.ok(outside.includes("192.0.2.10"));
      assert.equal(timeless(outputOf(files, `${user}-show-${format}`)), outside);
    });
  }

  test(`--demo and --replay print the recording in there: ${user}`, (files) => {
    const expected = (name: string) => Deno.readTextFileSync(join(testdata, name));
    assert.equal(outputOf(files, `${user}-demo`), expected("expected.txt"));
    assert.equal(outputOf(files, `${user}-replay`), expected("expected.json"));
  });

  test(`the commands that print a text work in there: ${user}`, (files) => {
    assert.match(outputOf(files, `${user}-version`), /^ipvstat \d+\.\d+\.\d+\ncommit /);
    assert.match(outputOf(files, `${user}-help`), /--replay/);
    assert.match(outputOf(files, `${user}-man`), /^\.TH IPVSTAT 1/);
    assert.match(outputOf(files, `${user}-completions`), /complete .*ipvstat/);
    assert.equal(JSON.parse(outputOf(files, `${user}-schema`)).type, "object");
    assert.match(outputOf(files, `${user}-doctor`), /11 virtual servers, 19 real servers/);
  });
}

straced("no command opens a file for writing or changes one", (files) => {
  const traces = Object.keys(files).filter((name) => name.endsWith(".strace"));
  // The formats, and eight other commands.
  assert.equal(traces.length, USERS.length * (FORMATS.length + 8));
  for (const name of traces) {
    const calls = callsOf(files, name);
    assert.ok(calls.some((call) => call.startsWith('openat(AT_FDCWD, "/ipvstat", O_RDONLY')), name);
    assert.deepEqual(calls.filter(changesFiles), [], name);
  }
});

test("nobody can read with the file capability, and the loader then ignores LD_LIBRARY_PATH", (files) => {
  assert.match(seen(files, "snared").err, /libm\.so\.6: file too short/);
  const table = timeless(outputOf(files, "outside-nobody-show-table"));
  assert.equal(timeless(outputOf(files, "file-capability")), table);
});

for (const who of ["nobody", "root", "namespace", "privileges"]) {
  test(`without the capability it exits 4 with one line: ${who}`, (files) => {
    const { status, out, err } = seen(files, `lacking-${who}`);
    assert.deepEqual([status, out], [4, ""], err);
    assert.match(err, /^ipvstat: [^\n]*CAP_NET_ADMIN[^\n]*\n$/);
  });
}

test("the kernel does not start a file with a capability outside the bounding set", (files) => {
  const { status, out, err } = seen(files, "unbounded");
  assert.notEqual(status, 0);
  assert.deepEqual([out, err], ["", "execve '/ipvstat' failed!\n"]);
});
