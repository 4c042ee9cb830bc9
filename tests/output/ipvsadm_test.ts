import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import { encodeIpvsadm } from "../../lib/output/ipvsadm.ts";
import { BYPASS, DROUTE, fakeKernel, type FakeService, LOCAL, TUNNEL } from "../_fake_kernel.ts";
import { textOf } from "../_output_parsers.ts";
import { read } from "../_pages.ts";

function rules(...services: FakeService[]): string[] {
  const snapshot = collect(fakeKernel({ services }));
  return textOf((sink) => encodeIpvsadm(snapshot, sink)).split("\n").slice(0, -1);
}

/** What `ipvsadm -Sn` printed of the same table, with its faults undone, in any order. */
function savedByIpvsadm(name: string): string[] {
  return read(`testdata/${name}/ipvsadm-save.txt`).trimEnd().split("\n").filter((line) =>
    line !== ""
  )
    .map((line) =>
      line.replace(/-f (-\d+)/, (_, mark) => `-f ${Number(mark) + 2 ** 32}`).replace(
        / -b $/,
        " -b flag-3",
      )
    ).sort();
}

for (const name of ["demo", "hard", "empty"]) {
  Deno.test(`the rules of testdata/${name} are those that ipvsadm -Sn prints, with thresholds`, () => {
    const thresholds = / -x \d+| -y \d+/g;
    const own = read(`testdata/${name}/expected.rules`);
    const found = own.replaceAll(thresholds, "").split("\n").slice(0, -1).sort();
    assert.deepEqual(found, savedByIpvsadm(name));
  });
}

Deno.test("thresholds are rules that ipvsadm can restore", () => {
  const [, ...lines] = rules({
    address: "10.0.0.1",
    port: 80,
    destinations: [
      { address: "10.1.0.1", port: 80, upperThreshold: 65535, lowerThreshold: 1 },
      { address: "10.1.0.2", port: 80, lowerThreshold: 5 },
      { address: "10.1.0.3", port: 80, upperThreshold: 5 },
    ],
  });
  assert.deepEqual(lines, [
    "-a -t 10.0.0.1:80 -r 10.1.0.1:80 -m -w 1 -x 65535 -y 1",
    "-a -t 10.0.0.1:80 -r 10.1.0.2:80 -m -w 1 -y 5",
    "-a -t 10.0.0.1:80 -r 10.1.0.3:80 -m -w 1 -x 5",
  ]);
});

Deno.test("each forwarding method has an option", () => {
  const methods = [LOCAL, TUNNEL, DROUTE, BYPASS];
  const destinations = methods.map((method, i) => ({ address: `10.1.0.${i}`, port: 80, method }));
  const lines = rules({ address: "10.0.0.1", port: 80, destinations }).slice(1);
  const options = lines.map((line) => line.split(" ").slice(5).join(" "));
  assert.deepEqual(options, ["-g -w 1", "-i -w 1 --tun-type ipip", "-g -w 1", "-g -w 1"]);
});

Deno.test("a protocol that ipvsadm has no option for is an error before anything is written", () => {
  const services = [{ fwmark: 1 }, { address: "10.0.0.1", port: 80, protocol: 50 }];
  let written = 0;
  const snapshot = collect(fakeKernel({ services }));
  assert.throws(
    () => encodeIpvsadm(snapshot, (chunk) => void (written += chunk.length)),
    /^RangeError: Cannot write 50 10\.0\.0\.1:80 as a rule: ipvsadm has no option/,
  );
  assert.equal(written, 0);
});
