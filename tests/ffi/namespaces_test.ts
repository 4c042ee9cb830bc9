import assert from "node:assert/strict";
import { join } from "node:path";
import { listFolder } from "../../ffi/folder.ts";
import { namespacePaths } from "../../ffi/find_namespaces.ts";
import { libc } from "../../ffi/libc.ts";
import { NetworkNamespace, OWN_NAMESPACE } from "../../ffi/namespaces.ts";
import { NamespaceError } from "../../lib/netlink/errors.ts";
import { moduleTempDir } from "../_commands.ts";
import { nextDescriptor } from "./_descriptors.ts";

const dir = moduleTempDir();

/** Which of the two namespaces a call enters, and whether it fails. */
interface FakeSetns {
  /** The descriptors of the calls, in order. */
  readonly calls: number[];
  readonly setns: (fd: number, type: number) => number;
}

/** Replaces setns(2); the calls with these numbers, from 0, fail with EBADF. */
function fakeSetns(...failing: number[]): FakeSetns {
  const calls: number[] = [];
  const { close } = libc().symbols;
  return {
    calls,
    setns(fd, type) {
      assert.equal(type, 0x40000000);
      const fails = failing.includes(calls.length);
      calls.push(fd);
      // A real call with an invalid descriptor sets errno.
      return fails ? close(-1) : 0;
    },
  };
}

const abort = (message: string): never => {
  throw new Error(`aborted: ${message}`);
};

function open(fake: FakeSetns, onLost: typeof abort = abort): NetworkNamespace {
  return new NetworkNamespace({ label: "web", paths: [OWN_NAMESPACE] }, onLost, fake);
}

// Opens libc, which stays open: Deno 2.4 would report it as a leak of the first test.
listFolder(dir);

Deno.test("NetworkNamespace.run() enters, runs the function, and returns to another descriptor", () => {
  const fake = fakeSetns();
  using web = open(fake);
  const result = web.run(() => {
    assert.equal(fake.calls.length, 1);
    return 42;
  });
  assert.equal(result, 42);
  const [entered, left] = fake.calls;
  assert.equal(fake.calls.length, 2);
  assert.notEqual(entered, left);
});

Deno.test("NetworkNamespace.run() returns after an error, which it throws", () => {
  const fake = fakeSetns();
  using web = open(fake);
  const error = new Error("within");
  assert.throws(() =>
    web.run(() => {
      throw error;
    }), error);
  assert.equal(fake.calls.length, 2);
});

Deno.test("NetworkNamespace.run() does not run the function if it cannot enter", () => {
  using web = open(fakeSetns(0));
  assert.throws(
    () => web.run(() => assert.fail("it ran")),
    (error) => error instanceof NamespaceError && error.step === "setns" && error.code === "EBADF",
  );
});

Deno.test("NetworkNamespace.run() aborts if it cannot return, also after an error", () => {
  for (
    const action of [() => {}, () => {
      throw new Error("within");
    }]
  ) {
    using web = open(fakeSetns(1));
    assert.throws(() => web.run(action), /^Error: aborted: Cannot leave network namespace web: /);
  }
});

Deno.test("NetworkNamespace takes the first path that can be opened, and says why none can", () => {
  const [missing, file] = [join(dir, "missing"), join(dir, "file")];
  Deno.writeTextFileSync(file, "");
  new NetworkNamespace({ label: "x", paths: [missing, file] }, abort)[Symbol.dispose]();
  for (const paths of [[missing], [join(file, "below"), missing]]) {
    assert.throws(
      () => new NetworkNamespace({ label: "x", paths }, abort),
      (error) =>
        error instanceof NamespaceError && error.step === "open" &&
        error.errno === (paths.length === 1 ? 2 : 20),
    );
  }
});

Deno.test("NetworkNamespace leaves no descriptor open", () => {
  const before = nextDescriptor();
  for (const failing of [[], [0], [1]]) {
    using web = open(fakeSetns(...failing));
    try {
      web.run(() => {});
    } catch {
      // The failures of the tests above.
    }
    web[Symbol.dispose]();
  }
  assert.equal(nextDescriptor(), before);
});

Deno.test("namespacePaths() distinguishes processes, paths and names", () => {
  const paths = (word: string) => namespacePaths(word).paths;
  assert.deepEqual(paths("17"), ["/proc/17/ns/net"]);
  assert.deepEqual(paths("./17"), ["./17"]);
  assert.deepEqual(paths("17a"), [
    "/run/netns/17a",
    "/var/run/netns/17a",
    "/var/run/docker/netns/17a",
  ]);
});

Deno.test("listFolder() lists the names in a folder, and returns the errno of a failure", () => {
  const folder = join(dir, "folder");
  Deno.mkdirSync(folder);
  assert.deepEqual(listFolder(folder), []);
  for (const name of ["b", ".a", "ü"]) Deno.writeTextFileSync(join(folder, name), "");
  assert.deepEqual((listFolder(folder) as string[]).toSorted(), [".a", "b", "ü"]);
  assert.equal(listFolder(join(dir, "none")), 2);
  assert.equal(listFolder(join(folder, "b")), 20);
});
