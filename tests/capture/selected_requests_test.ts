import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { RecordingRewriter } from "../../lib/capture/recording_rewriter.ts";
import { collect, type Source } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import type { VirtualServer } from "../../lib/ipvs/virtual_server.ts";
import { encodeJson } from "../../lib/output/json.ts";
import { fakeKernel, GET_DEST } from "../_fake_kernel.ts";
import { hardKernel } from "../_hard_cases.ts";
import { containedAddresses, findAddresses, textOf } from "./_find_addresses.ts";
import { concat, readData } from "./_monitor.ts";

type Keep = (virtual: VirtualServer) => boolean;

/** Collects what a rewriter writes that selects virtual servers. */
function copyOf(keep: Keep, use: (rewriter: RecordingRewriter) => void): Uint8Array {
  const chunks: Uint8Array[] = [];
  const select = (snapshot: Snapshot) => selectFrom(snapshot, keep);
  use(new RecordingRewriter((bytes) => chunks.push(bytes.slice()), { select }));
  return concat(...chunks);
}

function selectFrom(snapshot: Snapshot, keep: Keep): Snapshot {
  return { ...snapshot, virtualServers: snapshot.virtualServers.filter(keep) };
}

function jsonOf(snapshot: Snapshot): string {
  const chunks: Uint8Array[] = [];
  encodeJson(snapshot, (bytes) => chunks.push(bytes.slice()));
  return new TextDecoder().decode(concat(...chunks));
}

const isUdp: Keep = ({ protocol }) => protocol === "udp";
const isFwmark: Keep = ({ fwmark }) => fwmark !== undefined;
const isPortHttp: Keep = ({ port }) => port === 80;

for (const settings of [{}, { perDatagram: 1 }, { perDatagram: 3, bigEndian: true }]) {
  Deno.test(`a copy has the selected virtual servers with their real servers: ${JSON.stringify(settings)}`, () => {
    const whole = collect(hardKernel(settings));
    for (const keep of [isUdp, isFwmark, isPortHttp, () => false]) {
      const copy = copyOf(keep, (rewriter) => rewriter.round(hardKernel(settings), collect));
      const replayed = collect(openRecording(copy).selectRound().play());
      assert.equal(jsonOf(replayed), jsonOf(selectFrom(whole, keep)));
      assert.equal(replayed.consistency.state, "verified");
    }
  });
}

for (const name of ["ipvsadm_twice", "interleaved", "long_lived_portless"]) {
  Deno.test(`a copy of ${name} has the selected virtual servers of every snapshot`, () => {
    const capture = readData(`${name}.pcap`);
    const copy = copyOf(isUdp, (rewriter) => rewriter.addCapture(capture));
    const complete = openRecording(capture).rounds.filter((round) => round.complete);
    const copied = openRecording(copy).rounds;
    assert.ok(complete.length > 1);
    assert.deepEqual(copied.map(({ time }) => time), complete.map(({ time }) => time));
    complete.forEach((round, i) => {
      const expected = jsonOf(selectFrom(collect(round.play()), isUdp));
      assert.equal(jsonOf(collect(copied[i]!.play())), expected);
    });
  });
}

Deno.test("a copy has no address of the other servers", () => {
  const capture = readData("ipvsadm_twice.pcap");
  const copy = copyOf(isUdp, (rewriter) => rewriter.addCapture(capture));
  // See data/README.md: the address of the UDP service and that of its real server.
  const expected = ["10.0.0.1", "10.1.0.3"];
  assert.deepEqual(containedAddresses(copy, findAddresses(capture)).toSorted(), expected);
  assert.deepEqual(findAddresses(copy).map(textOf).toSorted(), expected);
});

/** Replaces the list of real servers of the first virtual server after the first request for it. */
function changingKernel(): Source {
  const before = { address: "10.0.0.1", port: 80, destinations: [{ address: "10.1.0.1" }] };
  const after = { ...before, destinations: [{ address: "10.1.0.2" }, { address: "10.1.0.3" }] };
  const other = { address: "10.0.0.2", port: 80, destinations: [{ address: "10.1.0.4" }] };
  let requests = 0;
  return fakeKernel({
    services: [before, other],
    onRequest: ({ command }, kernel) => {
      if (command === GET_DEST && ++requests === 2) kernel.services = [after, other];
    },
  });
}

Deno.test("a copy replays while other virtual servers, or the selected ones, change", () => {
  for (const address of ["10.0.0.1", "10.0.0.2"]) {
    const keep: Keep = (virtual) => virtual.address === address;
    const copy = copyOf(keep, (rewriter) => rewriter.round(changingKernel(), collect));
    const replayed = collect(openRecording(copy).selectRound().play());
    assert.deepEqual([...replayed.virtualServers].map((each) => each.address), [address]);
    assert.equal(replayed.consistency.state, "verified");
  }
});
