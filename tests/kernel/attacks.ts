/**
 * Reading while ip_vs is reloaded or removed, with forged datagrams, and with failing system calls.
 */
import assert from "node:assert/strict";
import { assertFailure, type Files, seen, textOf } from "./_files.ts";
import { phase } from "./_guest.ts";
import { assertUnchanged } from "./_overwrite.ts";

/** The result of one reading in guest/attacks.ts. */
interface Reading {
  readonly table?: readonly unknown[];
  readonly error?: string;
  readonly requests: number;
  readonly restarts: number;
  readonly foreign: number;
}

type TableName = "old" | "new";

interface Attacks {
  /** Readings of each table without an attack. */
  readonly tables: Readonly<Record<TableName, Reading>>;
  readonly floodWithoutEnd: Reading;
  readonly forgedErrors: readonly Reading[];
  readonly forgedEnds: readonly Reading[];
  readonly floods: readonly Reading[];
  readonly reloads: readonly (Reading & { readonly loaded: TableName })[];
  readonly removals: readonly (Reading & { readonly at: number; readonly isLoaded: boolean })[];
}

const SERVICES = 3;
/** Number of requests that guest/attacks.ts attacks. */
const POINTS = 11;
const CALLS = ["socket", "setsockopt", "bind", "getsockname", "sendto", "recvmmsg"];

const test = phase("attacks.sh");

function attacks(files: Files): Attacks {
  return JSON.parse(textOf(files, "attacks.json"));
}

/** Checks that the system call really failed. */
function assertInjected(files: Files, name: string): void {
  assert.match(textOf(files, `${name}.trace`), /\(INJECTED\)/, name);
}

function servers(text: string): unknown {
  return JSON.parse(text).virtual_servers;
}

test("a reading without an attack is not restarted", (files) => {
  const { tables } = attacks(files);
  for (const { table, requests, restarts, foreign } of Object.values(tables)) {
    assert.equal(table?.length, SERVICES);
    assert.ok(requests >= POINTS, `${requests}`);
    assert.deepEqual([restarts, foreign], [0, 0]);
  }
  assert.notDeepEqual(tables.old.table, tables.new.table);
});

test("a forged datagram has no effect, at any request", (files) => {
  const { tables, forgedErrors, forgedEnds } = attacks(files);
  for (const readings of [forgedErrors, forgedEnds]) {
    assert.equal(readings.length, POINTS);
    for (const { table, error, restarts, foreign } of readings) {
      assert.deepEqual(table, tables.old.table, error);
      assert.deepEqual([restarts, foreign], [0, 1]);
    }
  }
});

test("a reading recovers if another process fills the receive queue", (files) => {
  const { tables, floods } = attacks(files);
  assert.equal(floods.length, POINTS);
  for (const { table, error, restarts } of floods) {
    assert.deepEqual(table, tables.old.table, error);
    assert.equal(restarts, 1);
  }
});

test("a reading fails if the receive queue is full at every request", (files) => {
  const { error, restarts } = attacks(files).floodWithoutEnd;
  assert.match(error ?? "", / ENOBUFS$/);
  assert.equal(restarts, 4);
});

test("a reading restarts if ip_vs is reloaded, at any request", (files) => {
  const { tables, reloads } = attacks(files);
  assert.equal(reloads.length, POINTS);
  reloads.forEach(({ table, error, restarts, loaded }, at) => {
    assert.deepEqual(table, tables[loaded].table, error);
    // The first request is the lookup of the family.
    assert.equal(restarts, at === 0 ? 0 : 1);
  });
});

test("a reading fails with ENOENT if ip_vs is removed, and does not load it", (files) => {
  const { removals } = attacks(files);
  assert.ok(removals.length > 0);
  for (const { error, requests, at, isLoaded } of removals) {
    assert.equal(error, "CTRL_CMD_GETFAMILY ENOENT");
    assert.deepEqual([requests, isLoaded], [at + 1, false]);
  }
});

test("every system call is repeated after a signal", (files) => {
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
  test(`show exits 1 with one line if ${call}() fails`, (files) => {
    assertFailure(files, `first-${call}`, 1);
    assert.match(seen(files, `first-${call}`).err, /ENOMEM: out of memory/);
    assertInjected(files, `first-${call}`);
  });
}

test("show exits 1 with one line if a later system call fails", (files) => {
  for (const call of ["socket", "sendto", "recvmmsg"]) {
    assertFailure(files, `later-${call}`, 1);
    assert.match(seen(files, `later-${call}`).err, /EMFILE: too many open files/);
    assertInjected(files, `later-${call}`);
  }
});

test("a reading restarts if the kernel reports a lost reply", (files) => {
  const { status, out, err } = seen(files, "lost");
  assert.deepEqual([status, err], [0, ""]);
  assert.deepEqual(servers(out), servers(seen(files, "reading").out));
  assertInjected(files, "lost");
});

test("show exits 1 with one line if a file in /proc cannot be read", (files) => {
  for (const [name, code] of [["proc-open", "EMFILE"], ["proc-read", "EIO"]]) {
    assertFailure(files, name!, 1);
    assert.match(seen(files, name!).err, new RegExp(`/net/ip_vs_stats failed: ${code}`));
    assertInjected(files, name!);
  }
});

test("show exits 1 with one line if the output cannot be written", (files) => {
  assertFailure(files, "output", 1);
  assert.match(seen(files, "output").err, /Cannot write standard output: input\/output error/);
  assertInjected(files, "output");
});

test("an existing file is unchanged if a system call fails while it is replaced", (files) => {
  assertUnchanged(files, "file-openat", 1);
  assert.match(seen(files, "file-openat").err, /read-only file system/);
  for (const call of ["write", "fsync", "chmod", "rename"]) {
    assertUnchanged(files, `file-${call}`, 1);
    assertInjected(files, `file-${call}`);
  }
});

test("a file is replaced even if a write is interrupted, or the owner cannot be preserved", (files) => {
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
