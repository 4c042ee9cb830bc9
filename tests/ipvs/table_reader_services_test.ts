import assert from "node:assert/strict";
import fc from "fast-check";
import { collect } from "../../lib/ipvs/collect.ts";
import type { VirtualServer } from "../../lib/ipvs/virtual_server.ts";
import { fakeKernel, type FakeService, GET_DEST, GET_SERVICE } from "../_fake_kernel.ts";
import {
  beforeListing,
  duringListing,
  fwmark,
  fwmarkOf,
  read,
  realServers,
  recordRequests,
} from "./_table_reader.ts";

Deno.test("TableReader lists an unchanging table twice, and looks up no service", () => {
  const source = fakeKernel({ services: [fwmark(3), fwmark(1, 2), fwmark(2)], perDatagram: 2 });
  const requests = recordRequests(source);
  const { found, state, listings, doubts } = read(source);
  assert.deepEqual(found, [[1, 2], [2, 1], [3, 1]]);
  assert.deepEqual([state, listings, doubts], ["verified", 2, []]);
  assert.deepEqual(requests.dumps().sort(), [1, 2, 3]);
  assert.deepEqual(requests.lookups(), []);
});

Deno.test("TableReader returns an empty list if there are no services", () => {
  const { found, state, listings } = read(fakeKernel());
  assert.deepEqual([found, state, listings], [[], "verified", 2]);
});

Deno.test("TableReader returns a service that the first listing skips because one before it is removed", () => {
  const { found, state } = read(fakeKernel({
    services: [fwmark(9), fwmark(1), fwmark(2), fwmark(3), fwmark(4)],
    perDatagram: 2,
    // Fwmark 2 moves forward, into the part that has been sent.
    ...duringListing({
      1: (_, kernel) => kernel.services = [fwmark(1), fwmark(2), fwmark(3), fwmark(4)],
    }),
  }));
  assert.deepEqual(found, [[1, 1], [2, 1], [3, 1], [4, 1]]);
  assert.equal(state, "verified");
});

Deno.test("TableReader returns a service that only the second and third listings skip", () => {
  const stable = [fwmark(1), fwmark(2), fwmark(3), fwmark(4)];
  const source = fakeKernel({
    services: stable,
    perDatagram: 2,
    onRequest: beforeListing({
      2: (_, kernel) => kernel.services = [fwmark(8), ...stable],
      3: (_, kernel) => kernel.services = [fwmark(9), ...stable],
    }),
    // Fwmark 2 moves forward each time.
    onDatagram: ({ command }, kernel) => {
      if (command === GET_SERVICE && kernel.services.length > 4) kernel.services = stable;
    },
  });
  const { found, state } = read(source);
  assert.deepEqual(found, [[1, 1], [2, 1], [3, 1], [4, 1]]);
  assert.equal(state, "verified");
});

Deno.test("TableReader keeps a service that the last listing skips if the kernel confirms it", () => {
  const stable = [fwmark(1), fwmark(2), fwmark(3)];
  const source = fakeKernel({
    services: stable,
    onRequest: beforeListing({
      2: (_, kernel) => kernel.services = [fwmark(1), fwmark(3)],
      3: (_, kernel) => kernel.services = [fwmark(1), fwmark(3)],
      4: (_, kernel) => kernel.services = stable,
    }),
  });
  const { onRequest } = source.kernel;
  source.kernel.onRequest = (request, kernel, count) => {
    // It exists when it is looked up.
    if (request.command === GET_SERVICE && !request.dump) kernel.services = stable;
    return onRequest(request, kernel, count);
  };
  const requests = recordRequests(source);
  const { found, state } = read(source);
  assert.deepEqual(found, [[1, 1], [2, 1], [3, 1]]);
  assert.equal(state, "verified");
  assert.deepEqual(requests.lookups(), [2]);
});

Deno.test("TableReader returns a service once if a listing has it twice", () => {
  const stable = [fwmark(1), fwmark(2), fwmark(3)];
  const { found, state } = read(fakeKernel({
    services: stable,
    perDatagram: 2,
    // Fwmark 2 moves back and is listed again.
    ...duringListing({ 1: (_, kernel) => kernel.services = [fwmark(9), ...stable] }),
  }));
  assert.deepEqual(found, [[1, 1], [2, 1], [3, 1], [9, 1]]);
  assert.equal(state, "verified");
});

Deno.test("TableReader omits a service that is removed after the first listing", () => {
  const source = fakeKernel({
    services: [fwmark(1), fwmark(2)],
    onRequest: beforeListing({ 2: (_, kernel) => kernel.services = [fwmark(1)] }),
  });
  const requests = recordRequests(source);
  const { found, state } = read(source);
  assert.deepEqual(found, [[1, 1]]);
  assert.equal(state, "verified");
  assert.deepEqual(requests.lookups(), [2]);
});

Deno.test("TableReader omits a service that is removed before its real servers are read", () => {
  const source = fakeKernel({
    services: [fwmark(1), fwmark(2, 5)],
    onRequest: (request, kernel) => {
      if (request.command === GET_DEST && fwmarkOf(request) === 2) kernel.services = [fwmark(1)];
    },
  });
  assert.deepEqual(read(source).found, [[1, 1]]);
});

Deno.test("TableReader keeps a service without real servers", () => {
  const { found, state } = read(fakeKernel({ services: [fwmark(1, 0), fwmark(2)] }));
  assert.deepEqual([found, state], [[[1, 0], [2, 1]], "verified"]);
});

Deno.test("TableReader returns a service that is added after the first listing, with its real servers", () => {
  const { found, state } = read(fakeKernel({
    services: [fwmark(1)],
    onRequest: beforeListing({ 2: (_, kernel) => kernel.services = [fwmark(2, 3), fwmark(1)] }),
  }));
  assert.deepEqual([found, state], [[[1, 1], [2, 3]], "verified"]);
});

Deno.test("TableReader reads real servers again if the service was missing during the dump", () => {
  let dumps = 0;
  const { found, state } = read(fakeKernel({
    services: [fwmark(1), fwmark(2, 5)],
    onRequest: (request, kernel) => {
      const isMissing = request.command === GET_DEST && fwmarkOf(request) === 2 && ++dumps === 1;
      kernel.services = isMissing ? [fwmark(1)] : [fwmark(1), fwmark(2, 5)];
    },
  }));
  // Both listings have the service.
  assert.deepEqual([found, state], [[[1, 1], [2, 5]], "verified"]);
});

Deno.test("TableReader omits a service that was listed twice if the kernel denies that it exists", () => {
  const source = fakeKernel({
    services: [fwmark(1), fwmark(2, 5)],
    onRequest: (request, kernel) => {
      const isDump = request.command === GET_DEST && fwmarkOf(request) === 2;
      const isLookup = request.command === GET_SERVICE && !request.dump;
      kernel.services = isDump || isLookup ? [fwmark(1)] : [fwmark(1), fwmark(2, 5)];
    },
  });
  const requests = recordRequests(source);
  assert.deepEqual(read(source).found, [[1, 1]]);
  assert.deepEqual(requests.lookups(), [2]);
});

Deno.test("TableReader is inconsistent if each of 12 listings has new services", () => {
  let last = 100;
  const source = fakeKernel({
    services: [fwmark(1)],
    onRequest: ({ command, dump }, kernel) => {
      if (command === GET_SERVICE && dump) kernel.services = [fwmark(1), fwmark(++last)];
    },
  });
  const requests = recordRequests(source);
  const { found, state, listings, doubts } = read(source);
  assert.deepEqual(found, [[1, 1], [112, 1]]);
  assert.deepEqual([state, listings, requests.listings()], ["inconsistent", 12, 12]);
  assert.deepEqual(doubts, ["each of 12 listings had virtual servers new to the others"]);
});

Deno.test("TableReader throws if the lookup of a service fails with an error other than ESRCH", () => {
  const source = fakeKernel({ services: [fwmark(1), fwmark(2)] });
  source.kernel.onRequest = ({ command, dump }, kernel) => {
    if (command === GET_DEST) kernel.services = [fwmark(1)];
    return command === GET_SERVICE && !dump ? { errno: 12 } : undefined;
  };
  assert.throws(() => read(source), { name: "NetlinkError", code: "ENOMEM" });
});

Deno.test("TableReader returns the first reply about a service if it changes later", () => {
  const sched = (name: string): FakeService => ({ ...fwmark(1), sched: name });
  const { servers } = read(fakeKernel({
    services: [sched("rr")],
    onRequest: beforeListing({ 2: (_, kernel) => kernel.services = [sched("wlc"), fwmark(2)] }),
  }));
  assert.deepEqual(servers.map((one: VirtualServer) => one.sched), ["rr", "rr"]);
});

Deno.test("TableReader returns the same order for every order of the kernel's lists", () => {
  const services: FakeService[] = [
    ...[fwmark(7, 3), fwmark(4294967295)],
    { address: "10.0.0.1", port: 80, destinations: realServers(4).reverse() },
    { address: "10.0.0.1", port: 80, protocol: 17 },
    { address: "2001:db8::1", port: 80, destinations: realServers(2) },
    { fwmark: 7, family: 10 },
  ];
  const expected = [...collect(fakeKernel({ services })).virtualServers];
  const shuffled = fc.shuffledSubarray(services, { minLength: services.length });
  fc.assert(fc.property(shuffled, fc.integer({ min: 1, max: 7 }), (services, perDatagram) => {
    const other = [...collect(fakeKernel({ services, perDatagram })).virtualServers];
    assert.equal(JSON.stringify(other), JSON.stringify(expected));
  }));
});
