import assert from "node:assert/strict";
import { collect } from "../../lib/ipvs/collect.ts";
import type { Snapshot } from "../../lib/ipvs/snapshot.ts";
import { Selection } from "../../lib/query/selection.ts";
import { fakeKernel, type FakeService, INET6 } from "../_fake_kernel.ts";
import { realServers, recordRequests } from "./_table_reader.ts";

const SERVICES: readonly FakeService[] = [
  { address: "10.0.0.1", port: 80, destinations: realServers(2) },
  { address: "10.0.0.1", port: 81, destinations: realServers(3) },
  { address: "2001:db8::1", port: 80, destinations: realServers(1) },
  { fwmark: 7, destinations: realServers(1) },
  { fwmark: 7, family: INET6 },
];

function read(services: string[], settings: Parameters<typeof fakeKernel>[0] = {}) {
  const source = fakeKernel({ services: SERVICES, ...settings });
  const requests = recordRequests(source);
  const snapshot = collect(source, new Selection({ services }).identities);
  return { snapshot, requests, found: counts(snapshot) };
}

function counts({ virtualServers }: Snapshot): Record<string, number> {
  return Object.fromEntries(
    virtualServers.map(({ key, realServers }) => [key, realServers.length]),
  );
}

Deno.test("exact virtual servers are read one by one, in order, and nothing is listed", () => {
  const { found, snapshot, requests } = read(["tcp://[2001:db8::1]:80", "tcp://10.0.0.1:81"]);
  assert.deepEqual(Object.entries(found), [["tcp 10.0.0.1:81", 3], ["tcp [2001:db8::1]:80", 1]]);
  assert.equal(requests.listings(), 0);
  assert.equal(requests.lookups().length, 2);
  assert.equal(requests.dumps().length, 2);
  assert.deepEqual(snapshot.consistency, { state: "verified", listings: 0, doubts: [] });
});

Deno.test("a virtual server that is named twice is read once, and one that is missing is left out", () => {
  const { found, requests } = read(["tcp://10.0.0.1:80", "tcp://10.0.0.1:80", "udp://10.0.0.1:80"]);
  assert.deepEqual(found, { "tcp 10.0.0.1:80": 2 });
  assert.equal(requests.lookups().length, 2);
  assert.deepEqual(read(["tcp://10.9.9.9:1"]).found, {});
});

Deno.test("a fwmark is read in both address families, as far as the kernel has them", () => {
  assert.deepEqual(read(["fwmark:7"]).found, { "fwmark 7 inet": 1, "fwmark 7 inet6": 0 });
  const withoutIpv6 = read(["fwmark:7"], {
    onRequest: ({ service }) => service.get(1)?.[0] === INET6 ? { errno: 97 } : undefined,
  });
  assert.deepEqual(withoutIpv6.found, { "fwmark 7 inet": 1 });
});

Deno.test("a virtual server that vanishes between its two requests is left out", () => {
  const { found } = read(["tcp://10.0.0.1:80", "tcp://10.0.0.1:81"], {
    onRequest(request, kernel) {
      if (request.dump) kernel.services = kernel.services.filter(({ port }) => port !== 80);
    },
  });
  assert.deepEqual(found, { "tcp 10.0.0.1:81": 3 });
});

Deno.test("real servers in several datagrams are read until two reads agree", () => {
  let dumps = 0;
  const { found } = read(["tcp://10.0.0.1:81"], {
    perDatagram: 1,
    onRequest(request, kernel) {
      if (!request.dump) return;
      dumps++;
      // The second read finds one more, as do all after it.
      if (dumps === 2) kernel.services = [{ ...SERVICES[1]!, destinations: realServers(4) }];
    },
  });
  assert.deepEqual(found, { "tcp 10.0.0.1:81": 4 });
  assert.equal(dumps, 3);
});
