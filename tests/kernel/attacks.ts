/** What a reading makes of ip_vs that goes away, of forged datagrams, and of system calls that fail. */
import assert from "node:assert/strict";
import { assertFailure, type Files, seen, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";
import { assertOld } from "./_over_old.ts";

/** What guest/attacks.ts says of one reading. */
interface Reading {
  readonly table?: readonly unknown[];
  readonly error?: string;
  readonly requests: number;
  readonly restarts: number;
  readonly foreign: number;
}

type TableName = "old" | "new";

interface Attacks {
  /** Each table, read without an attack. */
  readonly tables: Readonly<Record<TableName, Reading>>;
  readonly floodWithoutEnd: Reading;
  readonly forgedErrors: readonly Reading[];
  readonly forgedEnds: readonly Reading[];
  readonly floods: readonly Reading[];
  readonly reloads: readonly (Reading & { readonly loaded: TableName })[];
  readonly removals: readonly (Reading & { readonly at: number; readonly isLoaded: boolean })[];
}

const SERVICES = 3;
/** As many requests as guest/attacks.ts attacks. */
const POINTS = 11;
const CALLS = ["socket", "setsockopt", "bind", "getsockname", "sendto", "recvmmsg"];

const test = phase("attacks.sh");

function attacks(files: Files): Attacks {
  return JSON.parse(textOf(files, "attacks.json"));
}

/** Something was injected, so that the test has looked at something. */
function assertInjected(files: Files, name: string): void {
  assert.match(textOf(files, `${name}.trace`), /\(INJECTED\)/, name);
}

function servers(text: string): unknown {
  return JSON.parse(text).virtual_servers;
}

test("a reading that is not attacked needs no restart", (files) => {
  const { tables } = attacks(files);
  for (const { table, requests, restarts, foreign } of Object.values(tables)) {
    assert.equal(table?.length, SERVICES);
    assert.ok(requests >= POINTS, `${requests}`);
    assert.deepEqual([restarts, foreign], [0, 0]);
  }
  assert.notDeepEqual(tables.old.table, tables.new.table);
});

test("a datagram that another process forges changes no reading, at whichever request", (files) => {
  const { tables, forgedErrors, forgedEnds } = attacks(files);
  for (const readings of [forgedErrors, forgedEnds]) {
    assert.equal(readings.length, POINTS);
    for (const { table, error, restarts, foreign } of readings) {
      assert.deepEqual(table, tables.old.table, error);
      assert.deepEqual([restarts, foreign], [0, 1]);
    }
  }
});

test("a reading recovers from a receive queue that another process has filled", (files) => {
  const { tables, floods } = attacks(files);
  assert.equal(floods.length, POINTS);
  for (const { table, error, restarts } of floods) {
    assert.deepEqual(table, tables.old.table, error);
    assert.equal(restarts, 1);
  }
});

test("a reading whose every request meets a full queue ends with an error", (files) => {
  const { error, restarts } = attacks(files).floodWithoutEnd;
  assert.match(error ?? "", / ENOBUFS$/);
  assert.equal(restarts, 4);
});

test("a reading starts again when ip_vs is loaded again, at whichever request", (files) => {
  const { tables, reloads } = attacks(files);
  assert.equal(reloads.length, POINTS);
  reloads.forEach(({ table, error, restarts, loaded }, at) => {
    assert.deepEqual(table, tables[loaded].table, error);
    // The first request looks the family up.
    assert.equal(restarts, at === 0 ? 0 : 1);
  });
});

test("a reading finds no IPVS when ip_vs is removed, and does not have it loaded", (files) => {
  const { removals } = attacks(files);
  assert.ok(removals.length > 0);
  for (const { error, requests, at, isLoaded } of removals) {
    assert.equal(error, "CTRL_CMD_GETFAMILY ENOENT");
    assert.deepEqual([requests, isLoaded], [at + 1, false]);
  }
});

test("every system call of a reading is made again after a signal", (files) => {
  const expected = seen(files, "reading");
  const { status, out, err } = seen(files, "interrupted");
  assert.deepEqual([status, err], [0, ""]);
  assert.deepEqual(servers(out), servers(expected.out));
  for (const call of [...CALLS, "write"]) {
    const interrupted = new RegExp(`^${call}\\(.*EINTR .*\\(INJECTED\\)$`, "m");
    assert.match(textOf(files, "interrupted.trace"), interrupted);
  }
});

for (const call of CALLS) {
  test(`a reading ends in exit code 1 and one line when ${call}() fails`, (files) => {
    assertFailure(files, `first-${call}`, 1);
    assert.match(seen(files, `first-${call}`).err, /ENOMEM: out of memory/);
    assertInjected(files, `first-${call}`);
  });
}

test("a reading ends in exit code 1 and one line when a later system call fails", (files) => {
  for (const call of ["socket", "sendto", "recvmmsg"]) {
    assertFailure(files, `later-${call}`, 1);
    assert.match(seen(files, `later-${call}`).err, /EMFILE: too many open files/);
    assertInjected(files, `later-${call}`);
  }
});

test("a reading starts again when the kernel says that an answer was lost", (files) => {
  const { status, out, err } = seen(files, "lost");
  assert.deepEqual([status, err], [0, ""]);
  assert.deepEqual(servers(out), servers(seen(files, "reading").out));
  assertInjected(files, "lost");
});

test("a reading ends in exit code 1 when a file of /proc cannot be read", (files) => {
  for (const [name, code] of [["proc-open", "EMFILE"], ["proc-read", "EIO"]]) {
    assertFailure(files, name!, 1);
    assert.match(seen(files, name!).err, new RegExp(`/net/ip_vs_stats failed: ${code}`));
    assertInjected(files, name!);
  }
});

test("output that cannot be written ends in exit code 1 and one line", (files) => {
  assertFailure(files, "output", 1);
  assert.match(seen(files, "output").err, /Cannot write standard output: input\/output error/);
  assertInjected(files, "output");
});

test("a file is as it was when a system call of writing it fails", (files) => {
  for (const call of ["openat", "write", "fsync", "chmod", "rename"]) {
    assertOld(files, `file-${call}`, 1);
    assertInjected(files, `file-${call}`);
  }
});

test("a file is replaced when a write is interrupted, and when its owner cannot be kept", (files) => {
  for (const name of ["file-interrupted", "file-chown"]) {
    const { status, err } = seen(files, name);
    assert.deepEqual([status, err], [0, ""], name);
    assert.deepEqual(
      servers(textOf(files, `${name}.file`)),
      servers(textOf(files, "writing.file")),
    );
    assert.match(textOf(files, `${name}.state`), /^file\n640 /);
    assertInjected(files, name);
  }
});
