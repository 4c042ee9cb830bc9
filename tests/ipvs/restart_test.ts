/** Reads that start over because ip_vs was reloaded or replies were lost. */
import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { record } from "../../lib/commands/record.ts";
import { collect, type Source } from "../../lib/ipvs/collect.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import { concat } from "../capture/_monitor.ts";
import {
  type Failure,
  fakeKernel,
  type FakeService,
  GET_DEST,
  GET_INFO,
  GET_SERVICE,
  type Kernel,
} from "../_fake_kernel.ts";

const CONTROLLER = 16, ENOENT = 2, EPERM = 1, ENOBUFS = 105;

const OLD: FakeService[] = [{ address: "10.0.0.1", destinations: [{ address: "10.0.1.1" }] }];
const NEW: FakeService[] = [{ address: "10.0.0.2", destinations: [{ address: "10.0.1.2" }] }];

/**
 * A source that can be restarted. Its kernel replies with ENOENT to an unknown family number, as a
 * real one does; `onCommand` is called before each reply.
 */
function restartable(
  onCommand: (command: number, kernel: Kernel, restarts: number) => Failure | void,
) {
  let restarts = 0;
  const source = fakeKernel({
    services: OLD,
    onRequest({ type, command }, kernel) {
      if (type !== CONTROLLER) {
        const failure = onCommand(command, kernel, restarts);
        if (failure) return failure;
      }
      const known = type === CONTROLLER ? kernel.familyId !== 0 : type === kernel.familyId;
      return known ? undefined : { errno: ENOENT };
    },
  });
  return Object.assign(source, { restart: () => void restarts++, restarts: () => restarts });
}

/** Reloads ip_vs before the first reply to a command. */
function reloadedAt(at: number) {
  return restartable((command, kernel, restarts) => {
    if (command !== at || restarts > 0) return;
    kernel.familyId = 77;
    kernel.services = NEW;
  });
}

function addresses(source: Source): string[] {
  return [...collect(source).virtualServers].flatMap((virtual) => [
    virtual.address ?? "",
    ...[...virtual.realServers].map(({ address }) => address),
  ]);
}

for (const [name, command] of Object.entries({ GET_INFO, GET_SERVICE, GET_DEST })) {
  Deno.test(`collect() starts over if ip_vs is reloaded before ${name}`, () => {
    const source = reloadedAt(command);
    assert.deepEqual(addresses(source), ["10.0.0.2", "10.0.1.2"]);
    assert.equal(source.restarts(), 1);
  });

  Deno.test(`collect() throws that the family is missing if ip_vs is unloaded before ${name}`, () => {
    const source = restartable((each, kernel) => {
      if (each === command) kernel.familyId = 0;
    });
    assert.throws(() => collect(source), { request: "CTRL_CMD_GETFAMILY", code: "ENOENT" });
    assert.equal(source.restarts(), 1);
  });

  Deno.test(`collect() starts over if the reply to ${name} is lost`, () => {
    const source = restartable((each, _, restarts) =>
      each === command && restarts < 3 ? { errno: ENOBUFS } : undefined
    );
    assert.deepEqual(addresses(source), ["10.0.0.1", "10.0.1.1"]);
    assert.equal(source.restarts(), 3);
  });
}

Deno.test("collect() throws the last error after five attempts", () => {
  for (const errno of [ENOENT, ENOBUFS]) {
    const source = restartable((command) => command === GET_DEST ? { errno } : undefined);
    assert.throws(() => collect(source), { request: "IPVS_CMD_GET_DEST", errno });
    assert.equal(source.restarts(), 4);
  }
});

Deno.test("collect() does not retry after a permanent error, or if the source cannot restart", () => {
  const denied = restartable(() => ({ errno: EPERM }));
  assert.throws(() => collect(denied), { code: "EPERM" });
  assert.equal(denied.restarts(), 0);
  const { restart: _, ...recording } = reloadedAt(GET_DEST);
  assert.throws(() => collect(recording), { request: "IPVS_CMD_GET_DEST", code: "ENOENT" });
});

Deno.test("collect() throws the error of a failed restart", () => {
  const source = reloadedAt(GET_DEST);
  const unloaded = new NetlinkError({ request: "CTRL_CMD_GETFAMILY", errno: ENOENT });
  source.restart = () => {
    throw unloaded;
  };
  assert.throws(() => collect(source), (error) => error === unloaded);
});

Deno.test("record() starts a snapshot over if ip_vs is reloaded, and the complete one is replayed", async () => {
  const chunks: Uint8Array[] = [];
  const source = reloadedAt(GET_DEST);
  await record(source, (bytes) => chunks.push(bytes.slice()), { rounds: 2, interval: 0 });
  const recording = openRecording(concat(...chunks));
  assert.deepEqual(addresses(recording.selectRound().play()), ["10.0.0.2", "10.0.1.2"]);
  assert.equal(source.restarts(), 1);
});
