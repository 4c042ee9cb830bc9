/**
 * The binary as a plugin of the real netdata on a real kernel, set up as in docs/netdata.md: ip_vs
 * is missing at first, then loaded, removed and loaded again. A copy without the capability is
 * refused.
 *
 * kernel_test.ts does not import this file: if a reading is late on a slow machine, netdata stores a
 * gap. Run it by itself: `deno test -A tests/binary/netdata.ts`.
 */
import assert from "node:assert/strict";
import { type Files, textOf } from "../kernel/_files.ts";
import { NETDATA } from "../integration/_netdata.ts";
import { binaryPhase } from "./_guest.ts";

const test = binaryPhase("netdata.sh", { ...NETDATA, setcap: "libcap2-bin" });

function count(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}

test("netdata stores every connection, also after ip_vs was removed and loaded again", (files) => {
  for (const [name, connections] of [["first", 70], ["second", 30]] as const) {
    const [bursts, stored] = textOf(files, `${name}-stored.txt`).split(" ").map(Number);
    const [, , cpu = ""] = textOf(files, `${name}-percpu.txt`).split("\n");
    assert.equal(parseInt(cpu.trim().split(/\s+/)[1]!, 16), bursts! * connections);
    assert.equal(stored, connections);
  }
});

/** UDP over IPv4 has 28 bytes of headers; traffic.c sends `request` and replies with 700 bytes. */
const BYTES_IN = 28 + 7, BYTES_OUT = 28 + 700;

/** What netdata stored of the last burst: from clients, and to clients, which it draws below zero. */
function stored(files: Files, name: string): number[] {
  const [inBefore, outBefore, inAfter, outAfter] = textOf(files, name).split(" ").map(Number);
  return [inAfter! - inBefore!, -(outAfter! - outBefore!)];
}

test("netdata stores the packets and the kilobits that the client sent and received", (files) => {
  for (const [name, connections] of [["first", 70], ["second", 30]] as const) {
    assert.deepEqual(stored(files, `${name}-packets.txt`).map(Math.round), [
      connections,
      connections,
    ]);
    const bytes = stored(files, `${name}-traffic.txt`).map((kilobits) => kilobits * 1000 / 8);
    for (const [i, size] of [BYTES_IN, BYTES_OUT].entries()) {
      const sent = size * connections;
      assert.ok(Math.abs(bytes[i]! - sent) < sent / 100, `${bytes[i]} of ${sent} bytes`);
    }
  }
});

test("netdata shows the charts of the virtual server and its real server", (files) => {
  const { charts } = JSON.parse(textOf(files, "charts.json"));
  const virtual = "ipvs.virtual_server_udp-192.0.2.10-54_state";
  const real = "ipvs.real_server_udp-192.0.2.10-54-10.2.1.2-54_state";
  for (const id of [virtual, real]) {
    assert.equal(charts[id]?.plugin, "ipvs.plugin", id);
    assert.equal(charts[id].update_every, 2);
  }
  assert.ok(!Object.keys(charts).some((id) => id.includes("10-53")), "the first one is obsolete");
});

test("the plugin waits for ip_vs, and says so once each time", (files) => {
  const log = textOf(files, "error.log");
  // Two plugins at the start, and one of them after the removal.
  assert.equal(count(log, /^ipvstat: IPVS is not available.*modprobe ip_vs/gm), 3, log);
  assert.equal(count(log, /connected to '.*\/ipvs\.plugin'/g), 1, log);
});

test("netdata does not start the plugin again if the kernel refuses", (files) => {
  const log = textOf(files, "error.log");
  assert.equal(count(log, /plugin called DISABLE/g), 1, log);
  assert.equal(count(log, /^ipvstat: Not permitted to read IPVS/gm), 1, log);
  assert.equal(count(log, /connected to '.*\/incapable\.plugin'/g), 1, log);
});
