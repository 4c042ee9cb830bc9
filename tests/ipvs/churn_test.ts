import assert from "node:assert/strict";
import fc from "fast-check";
import { collect } from "../../lib/ipvs/collect.ts";
import { changingDestinations, changingServices, randomFrom } from "./_changing_kernel.ts";

const LISTINGS = 25;

function servers(count: number, network: number) {
  return Array.from(
    { length: count },
    (_, i) => ({ address: `10.${network}.${i >> 8}.${i & 255}` }),
  );
}

/** Services, each with a real server of its own. */
function services(count: number, network: number) {
  return servers(count, network).map(({ address }) => ({
    ...{ address, port: 80, destinations: [{ address: address.replace("10.", "172.") }] },
  }));
}

Deno.test("collect() returns each of 1,000 stable services once while 40 others come and go", () => {
  for (const rate of [0.2, 3]) {
    const random = randomFrom(7 + rate);
    const changes = { stable: services(1000, 1), transient: services(40, 2), rate, random };
    // A real kernel puts some 90 services in a datagram.
    const source = changingServices({ ...changes, buckets: 256 }, { perDatagram: 90 });
    for (let i = 0; i < 2; i++) {
      const shown = [...collect(source).virtualServers];
      const found = shown.map(({ address }) => address!);
      assert.equal(new Set(found).size, found.length, "duplicates");
      const stable = found.filter((address) => address.startsWith("10.1."));
      assert.equal(stable.length, 1000, "missing");
      for (const { address, realServers } of shown) {
        if (!address!.startsWith("10.1.")) continue;
        assert.deepEqual(realServers.map((one) => one.address), [address!.replace("10.", "172.")]);
      }
    }
  }
});

Deno.test("collect() returns each of 300 stable real servers once while 40 others come and go", () => {
  for (const rate of [0.2, 1, 4]) {
    const random = randomFrom(11 + rate);
    const changes = { stable: servers(300, 1), transient: servers(40, 2), rate, random };
    // The destinations of a service are a list, not a hash table.
    const source = changingDestinations({ ...changes, buckets: 1 }, { perDatagram: 91 });
    for (let i = 0; i < 8; i++) {
      const found = [...collect(source).virtualServers][0]!.realServers.map(({ address }) =>
        address
      );
      assert.equal(new Set(found).size, found.length, "duplicates");
      assert.equal(found.filter((address) => address.startsWith("10.1.")).length, 300, "missing");
    }
  }
});

Deno.test("the changing kernel makes single dumps incomplete", () => {
  const random = randomFrom(3);
  const changes = { stable: servers(300, 1), transient: servers(40, 2), rate: 4, random };
  const source = changingDestinations({ ...changes, buckets: 1 }, { perDatagram: 91 });
  let incomplete = 0;
  for (let i = 0; i < LISTINGS; i++) {
    // As in a recording of a program that reads once.
    let dumps = 0;
    const { onRequest } = source.kernel;
    source.kernel.onRequest = (request, kernel, count) =>
      request.command === 8 && ++dumps > 1 ? "not recorded" : onRequest(request, kernel, count);
    const found = [...collect(source).virtualServers][0]!.realServers.map(({ address }) => address);
    if (found.filter((address) => address.startsWith("10.1.")).length < 300) incomplete++;
    source.kernel.onRequest = onRequest;
  }
  assert.ok(incomplete > 5, `only ${incomplete} of ${LISTINGS} were incomplete`);
});

Deno.test("collect() returns no duplicates and no wrong real servers, however the table changes", () => {
  const service = (i: number) => ({ fwmark: i + 1, destinations: servers(1 + i % 3, i) });
  const shape = fc.record({
    stable: fc.nat(12),
    transient: fc.integer({ min: 1, max: 8 }),
    perDatagram: fc.integer({ min: 1, max: 6 }),
    rate: fc.constantFrom(0.2, 1, 3),
    buckets: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(),
  });
  fc.assert(fc.property(shape, ({ stable, transient, perDatagram, rate, buckets, seed }) => {
    const all = Array.from({ length: stable + transient }, (_, i) => service(i));
    const source = changingServices({
      stable: all.slice(0, stable),
      transient: all.slice(stable),
      ...{ rate, buckets, random: randomFrom(seed) },
    }, { perDatagram });
    const snapshot = collect(source);
    const shown = [...snapshot.virtualServers];
    assert.equal(new Set(shown.map(({ fwmark }) => fwmark)).size, shown.length);
    assert.ok(snapshot.consistency.listings <= 12);
    for (const { fwmark, realServers } of shown) {
      const expected = all[fwmark! - 1]!.destinations.map(({ address }) => address);
      const found = realServers.map(({ address }) => address);
      // A service that is removed during the read can lack real servers, but has none of others.
      if (fwmark! <= stable) assert.deepEqual(found, expected);
      else assert.ok(found.every((address) => expected.includes(address)));
    }
  }));
});
