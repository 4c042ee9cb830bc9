/**
 * The binary as a plugin of the real netdata on a real kernel, set up as in docs/netdata.md: ip_vs
 * is missing at first, then loaded, removed and loaded again. A copy without the capability is
 * refused.
 *
 * kernel_test.ts does not import this file: if a reading is late on a slow machine, netdata stores a
 * gap. Run it by itself: `deno test -A tests/binary/netdata.ts`.
 */
import assert from "node:assert/strict";
import { textOf } from "../kernel/_files.ts";
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
