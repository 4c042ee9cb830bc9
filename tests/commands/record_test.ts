import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { copyCapture, record } from "../../lib/commands/record.ts";
import { collect } from "../../lib/ipvs/collect.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import { run } from "../_commands.ts";
import { concat } from "../capture/_monitor.ts";
import { fakeKernel, GET_INFO, GET_SERVICE } from "../_fake_kernel.ts";

const SERVICES = [{ address: "10.0.0.1", port: 80 }, { fwmark: 7 }];

Deno.test("record() writes each snapshot when it is complete, and each can be replayed", async () => {
  const chunks: Uint8Array[] = [];
  const written: number[] = [];
  const kernel = fakeKernel({ services: SERVICES });
  kernel.kernel.onRequest = ({ command }) => {
    if (command === GET_INFO) written.push(chunks.length);
  };
  const consistency = await record(kernel, (bytes) => chunks.push(bytes.slice()), {
    rounds: 3,
    interval: 0,
  });
  assert.equal(consistency.state, "verified");
  assert.deepEqual(written, [0, 1, 2]);
  const recording = openRecording(concat(...chunks));
  for (const round of [1, 2, 3]) {
    const snapshot = collect(recording.selectRound(round).play());
    assert.equal([...snapshot.virtualServers].length, 2);
  }
  assert.throws(() => recording.selectRound(4));
});

Deno.test("record() can anonymize: the same address is replaced by the same one in all snapshots", async () => {
  const chunks: Uint8Array[] = [];
  const options = { rounds: 2, interval: 0, anonymize: true };
  const consistency = await record(
    fakeKernel({ services: SERVICES }),
    (bytes) => chunks.push(bytes.slice()),
    options,
  );
  assert.equal(consistency.state, "verified");
  const { rounds } = openRecording(concat(...chunks));
  const addresses = rounds.map((round) =>
    [...collect(round.play()).virtualServers].map(({ address }) => address)
  );
  assert.deepEqual(addresses[0], addresses[1]);
  assert.equal(addresses[0]!.length, 2);
  assert.match(addresses[0]![0]!, /^(8|9|1[0-5])\./);
});

Deno.test("copyCapture() reports what it cannot read, by the name of the file", async () => {
  const from = (path: string) => new URL(path, import.meta.url).pathname;
  const page = from("../../README.md");
  await assert.rejects(copyCapture(page, () => {}, { anonymize: true }), {
    message: `Cannot read ${page}: it is neither pcap nor pcapng`,
  });
  const capture = from("../capture/data/no_ipvs.pcap");
  await assert.rejects(copyCapture(capture, () => {}, { anonymize: true }), {
    message: `Cannot read ${capture}: it contains no requests that read IPVS`,
  });
  await assert.rejects(copyCapture(capture, () => {}, { maxSize: 10 }), {
    message: /larger than 10 bytes/,
  });
});

Deno.test("record() returns the consistency of the first inconsistent snapshot", async () => {
  const kernel = fakeKernel({ services: SERVICES });
  let rounds = 0;
  let next = 0;
  kernel.kernel.onRequest = ({ command, dump }, kernel) => {
    if (command === GET_INFO) rounds++;
    // In the second snapshot, no two listings agree.
    if (rounds === 2 && command === GET_SERVICE && dump) {
      kernel.services = [{ address: "10.0.0.2", port: 1 + next++ % 60_000 }];
    }
  };
  const consistency = await record(kernel, () => {}, { rounds: 3, interval: 0 });
  assert.equal(consistency.state, "inconsistent");
  assert.equal(rounds, 3);
});

Deno.test("record() throws the error of the kernel", async () => {
  const kernel = fakeKernel({ onRequest: () => ({ errno: 1 }) });
  await assert.rejects(record(kernel, () => {}, { rounds: 2, interval: 0 }), NetlinkError);
});

/**
 * Records a hundred snapshots in another process, and returns the number of snapshots started and
 * the number recorded. `hook` runs during each snapshot; it can change `options.interval`.
 */
async function recordUntil(interval: number, hook: string): Promise<string> {
  const from = (path: string) => JSON.stringify(new URL(path, import.meta.url));
  const code = `import { record } from ${from("../../lib/commands/record.ts")};
    import { openRecording } from ${from("../../lib/capture/recording.ts")};
    import { fakeKernel, GET_INFO } from ${from("../_fake_kernel.ts")};
    import { concat } from ${from("../capture/_monitor.ts")};
    let rounds = 0;
    const end = (signal) => Deno.kill(Deno.pid, signal);
    const onRequest = ({ command }) => { if (command === GET_INFO) { rounds++; ${hook} } };
    const chunks = [];
    const options = { rounds: 100, interval: ${interval} };
    await record(fakeKernel({ onRequest }), (bytes) => chunks.push(bytes.slice()), options);
    console.log(rounds, openRecording(concat(...chunks)).rounds.length);`;
  const result = await run([Deno.execPath(), "eval", "--quiet", code]);
  assert.deepEqual([result.code, result.stderr], [0, ""]);
  return result.stdout.trim();
}

// After the signal the interval is a day, so that only the signal can end the pause.

Deno.test("record() ends after the snapshot during which SIGINT is received", async () => {
  const hook = `if (rounds === 3) { options.interval = 86_400; end("SIGINT"); }`;
  assert.equal(await recordUntil(0, hook), "3 3");
});

Deno.test("record() ends when SIGTERM is received between two snapshots", async () => {
  const hook = `if (rounds === 1) setTimeout(() => end("SIGTERM"), 0);`;
  assert.equal(await recordUntil(86_400, hook), "1 1");
});
