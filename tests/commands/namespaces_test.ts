import assert from "node:assert/strict";
import {
  namespacesIn,
  type NamespaceSource,
  readNamespaces,
} from "../../lib/commands/namespaces.ts";
import { NamespaceReadings } from "../../lib/commands/namespace_readings.ts";
import { parseArguments } from "../../lib/commands/parse.ts";
import { showNamespaces } from "../../lib/commands/show.ts";
import { stream } from "../../lib/commands/stream.ts";
import { UsageError } from "../../lib/commands/usage_error.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { snapshotList, type Snapshots } from "../../lib/ipvs/snapshot.ts";
import { NamespaceError, NetlinkError } from "../../lib/netlink/errors.ts";
import { fakeKernel } from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";

const EPERM = 1, ENOENT = 2;

/** A namespace with one virtual server, or one that cannot be opened. */
function source(label: string, failure?: Error, mayVanish = false): NamespaceSource {
  return {
    label,
    mayVanish,
    open() {
      if (failure !== undefined) throw failure;
      const kernel = fakeKernel({ services: [{ address: "10.0.0.1", port: 80 }] });
      return { ...kernel, [Symbol.dispose]() {} };
    },
  };
}

/** An environment; reports go to `messages`, and the exit code of an error is its errno. */
function environment(sources: readonly NamespaceSource[], failures: NamespaceError[] = []) {
  const messages: string[] = [];
  return {
    messages,
    find: () => ({ sources, failures }),
    read: collect,
    report: (error: unknown, label: string) => {
      messages.push(label);
      return Promise.resolve((error as NetlinkError).errno);
    },
  };
}

const refused = (label: string) => new NamespaceError(label, "setns", EPERM);
const missing = (label: string) => new NamespaceError(label, "open", ENOENT);

Deno.test("readNamespaces() reads all that can be read, and returns the first exit code", async () => {
  const env = environment(
    [source("a"), source("b", missing("b")), source("c", refused("c")), source("d")],
  );
  const { snapshots, failure } = await readNamespaces(env);
  assert.deepEqual(snapshots.map(({ netns }) => netns), ["a", "d"]);
  assert.deepEqual([failure, env.messages], [ENOENT, ["b", "c"]]);
});

Deno.test("readNamespaces() reports what could not be listed, and reads the rest", async () => {
  const env = environment([source("a")], [refused("all")]);
  const { snapshots, failure } = await readNamespaces(env);
  assert.deepEqual([snapshots.length, failure, env.messages], [1, EPERM, ["all"]]);
});

Deno.test("readNamespaces() ignores a namespace that has vanished since it was listed", async () => {
  const env = environment([source("a", missing("a"), true), source("b", refused("b"), true)]);
  const { snapshots, failure } = await readNamespaces(env);
  assert.deepEqual([snapshots.length, failure, env.messages], [0, EPERM, ["b"]]);
});

Deno.test("readNamespaces() throws if ip_vs is not loaded, and on any other kind of error", async () => {
  const noIpvs = new NetlinkError({ request: "CTRL_CMD_GETFAMILY", errno: ENOENT });
  for (const error of [noIpvs, new TypeError("a bug")]) {
    await assert.rejects(readNamespaces(environment([source("a", error), source("b")])), error);
  }
});

Deno.test("showNamespaces() writes nothing if no namespace can be read", async () => {
  const env = environment([source("a", refused("a"))]);
  const options = { format: "json", extended: false, color: false } as const;
  const { snapshots, failure } = await showNamespaces(env, () => assert.fail("written"), options);
  assert.deepEqual([snapshots, failure], [[], EPERM]);
});

/** Streams two readings; returns the labels of each and the exit code. */
async function streamed(sources: readonly NamespaceSource[], failFast: boolean) {
  const labels: (string | undefined)[][] = [];
  using readings = new NamespaceReadings(environment(sources));
  const code = await stream(() => {}, {
    readings,
    trigger: { next: () => Promise.resolve(true), [Symbol.dispose]() {} },
    encode: (snapshots: Snapshots) => {
      labels.push(snapshotList(snapshots).map(({ netns }) => netns));
    },
    count: 2,
    failFast,
    report: () => assert.fail("reported twice"),
    verdict: () => {},
  });
  return { labels, code };
}

Deno.test("a stream goes on while one namespace can be read, unless it is to fail fast", async () => {
  const sources = [source("a"), source("b", missing("b"))];
  assert.deepEqual(await streamed(sources, false), { labels: [["a"], ["a"]], code: 0 });
  assert.deepEqual(await streamed(sources, true), { labels: [["a"]], code: ENOENT });
});

Deno.test("a stream of namespaces that cannot be read has their exit code", async () => {
  assert.deepEqual(await streamed([source("b", missing("b"))], false), {
    labels: [],
    code: ENOENT,
  });
});

Deno.test("namespacesIn() returns the namespaces in order", () => {
  const args = parseArguments(["--netns", "a", "-o", "json", "--netns=./b"]);
  assert.deepEqual(namespacesIn(args), ["a", "./b"]);
});

for (
  const line of [
    "show --netns a --demo",
    "show --netns a --replay -",
    "show --netns a -o prometheus --compat node_exporter",
    "show --netns a --netns b -o ipvsadm",
    "stream --netns a -o netdata",
    "record --netns a --netns b -",
    "record --netns all -",
  ]
) {
  Deno.test(`namespacesIn() refuses ${line}`, () => {
    assert.throws(() => namespacesIn(parseArguments(line.split(" "))), UsageError);
  });
}

Deno.test("showNamespaces() writes a document with the label of each namespace", async () => {
  const env = environment([source("a"), source("b")]);
  const options = { format: "json", extended: false, color: false } as const;
  const chunks: Uint8Array[] = [];
  await showNamespaces(env, (chunk) => chunks.push(chunk.slice()), options);
  const text = textOf((sink) => chunks.forEach((chunk) => sink(chunk)));
  const { namespaces } = JSON.parse(text) as { namespaces: { netns: string }[] };
  assert.deepEqual(namespaces.map(({ netns }) => netns), ["a", "b"]);
});
