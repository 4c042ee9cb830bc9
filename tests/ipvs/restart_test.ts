/** Readings that are begun again: ip_vs came back with another number, or answers were lost. */
import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { record } from "../../lib/commands/record.ts";
import { collect, type Source } from "../../lib/ipvs/collect.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import { concat } from "../capture/_fixtures.ts";
import {
  type Failure,
  fakeKernel,
  type FakeService,
  GET_DEST,
  GET_INFO,
  GET_SERVICE,
  type Kernel,
} from "../_fixtures.ts";

const CONTROLLER = 16, ENOENT = 2, EPERM = 1, ENOBUFS = 105;

const OLD: FakeService[] = [{ address: "10.0.0.1", destinations: [{ address: "10.0.1.1" }] }];
const NEW: FakeService[] = [{ address: "10.0.0.2", destinations: [{ address: "10.0.1.2" }] }];

/**
 * A source that can be read again. Its kernel answers ENOENT to a number that no family has, as a
 * real one does; `happen` runs before each request is answered.
 */
function restartable(
  happen: (command: number, kernel: Kernel, restarts: number) => Failure | void,
) {
  let restarts = 0;
  const source = fakeKernel({
    services: OLD,
    onRequest({ type, command }, kernel) {
      if (type !== CONTROLLER) {
        const refusal = happen(command, kernel, restarts);
        if (refusal) return refusal;
      }
      const known = type === CONTROLLER ? kernel.familyId !== 0 : type === kernel.familyId;
      return known ? undefined : { errno: ENOENT };
    },
  });
  return Object.assign(source, { restart: () => void restarts++, restarts: () => restarts });
}

/** Loads ip_vs anew when a command is asked for the first time. */
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
  Deno.test(`collect() reads from the start when ip_vs is loaded again before ${name}`, () => {
    const source = reloadedAt(command);
    assert.deepEqual(addresses(source), ["10.0.0.2", "10.0.1.2"]);
    assert.equal(source.restarts(), 1);
  });

  Deno.test(`collect() finds no family when ip_vs is removed before ${name}`, () => {
    const source = restartable((each, kernel) => {
      if (each === command) kernel.familyId = 0;
    });
    assert.throws(() => collect(source), { request: "CTRL_CMD_GETFAMILY", code: "ENOENT" });
    assert.equal(source.restarts(), 1);
  });

  Deno.test(`collect() reads from the start when the answer to ${name} is lost`, () => {
    const source = restartable((each, _, restarts) =>
      each === command && restarts < 3 ? { errno: ENOBUFS } : undefined
    );
    assert.deepEqual(addresses(source), ["10.0.0.1", "10.0.1.1"]);
    assert.equal(source.restarts(), 3);
  });
}

Deno.test("collect() gives up after five attempts, with the error of the last one", () => {
  for (const errno of [ENOENT, ENOBUFS]) {
    const source = restartable((command) => command === GET_DEST ? { errno } : undefined);
    assert.throws(() => collect(source), { request: "IPVS_CMD_GET_DEST", errno });
    assert.equal(source.restarts(), 4);
  }
});

Deno.test("collect() does not read again after an error that stays, nor where it cannot", () => {
  const refusing = restartable(() => ({ errno: EPERM }));
  assert.throws(() => collect(refusing), { code: "EPERM" });
  assert.equal(refusing.restarts(), 0);
  const { restart: _, ...recording } = reloadedAt(GET_DEST);
  assert.throws(() => collect(recording), { request: "IPVS_CMD_GET_DEST", code: "ENOENT" });
});

Deno.test("collect() throws what a restart throws", () => {
  const source = reloadedAt(GET_DEST);
  const gone = new NetlinkError({ request: "CTRL_CMD_GETFAMILY", errno: ENOENT });
  source.restart = () => {
    throw gone;
  };
  assert.throws(() => collect(source), (error) => error === gone);
});

Deno.test("record() begins a round again when ip_vs is loaded again, and the whole one replays", async () => {
  const chunks: Uint8Array[] = [];
  const source = reloadedAt(GET_DEST);
  await record(source, (bytes) => chunks.push(bytes.slice()), { rounds: 2, interval: 0 });
  const recording = openRecording(concat(...chunks));
  assert.deepEqual(addresses(recording.selectRound().play()), ["10.0.0.2", "10.0.1.2"]);
  assert.equal(source.restarts(), 1);
});
