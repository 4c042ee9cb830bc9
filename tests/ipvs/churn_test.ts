import assert from "node:assert/strict";
import fc from "fast-check";
import { collect } from "../../lib/ipvs/collect.ts";
import { movingDestinations, movingServices, randomFrom } from "./_changing_kernel.ts";

const LISTINGS = 25;

function servers(count: number, network: number) {
  return Array.from(
    { length: count },
    (_, i) => ({ address: `10.${network}.${i >> 8}.${i & 255}` }),
  );
}

/** A service and the one real server that is its alone. */
function services(count: number, network: number) {
  return servers(count, network).map(({ address }) => ({
    ...{ address, port: 80, destinations: [{ address: address.replace("10.", "172.") }] },
  }));
}

Deno.test("collect() misses and doubles none of 1,000 standing services while 40 come and go", () => {
  for (const pace of [0.2, 3]) {
    const random = randomFrom(7 + pace);
    const movement = { standing: services(1000, 1), others: services(40, 2), pace, random };
    // Some 90 services are in a datagram of a real kernel.
    const source = movingServices({ ...movement, buckets: 256 }, { perDatagram: 90 });
    for (let i = 0; i < 2; i++) {
      const shown = [...collect(source).virtualServers];
      const found = shown.map(({ address }) => address!);
      assert.equal(new Set(found).size, found.length, "doubled");
      const standing = found.filter((address) => address.startsWith("10.1."));
      assert.equal(standing.length, 1000, "missing");
      for (const { address, realServers } of shown) {
        if (!address!.startsWith("10.1.")) continue;
        assert.deepEqual(realServers.map((one) => one.address), [address!.replace("10.", "172.")]);
      }
    }
  }
});

Deno.test("collect() misses and doubles none of 300 standing real servers while 40 come and go", () => {
  for (const pace of [0.2, 1, 4]) {
    const random = randomFrom(11 + pace);
    const movement = { standing: servers(300, 1), others: servers(40, 2), pace, random };
    // The destinations of a service are a list, and no hash table.
    const source = movingDestinations({ ...movement, buckets: 1 }, { perDatagram: 91 });
    for (let i = 0; i < 8; i++) {
      const found = [...collect(source).virtualServers][0]!.realServers.map(({ address }) =>
        address
      );
      assert.equal(new Set(found).size, found.length, "doubled");
      assert.equal(found.filter((address) => address.startsWith("10.1.")).length, 300, "missing");
    }
  }
});

Deno.test("collect() tears listings without the care that it takes: the moving kernel is no easy one", () => {
  const random = randomFrom(3);
  const movement = { standing: servers(300, 1), others: servers(40, 2), pace: 4, random };
  const source = movingDestinations({ ...movement, buckets: 1 }, { perDatagram: 91 });
  let torn = 0;
  for (let i = 0; i < LISTINGS; i++) {
    // As of a program that reads once.
    let dumps = 0;
    const move = source.kernel.onRequest;
    source.kernel.onRequest = (request, kernel, count) =>
      request.command === 8 && ++dumps > 1 ? "not recorded" : move(request, kernel, count);
    const found = [...collect(source).virtualServers][0]!.realServers.map(({ address }) => address);
    if (found.filter((address) => address.startsWith("10.1.")).length < 300) torn++;
    source.kernel.onRequest = move;
  }
  assert.ok(torn > 5, `${torn} of ${LISTINGS} were torn`);
});

Deno.test("collect() shows nothing twice and nothing that never was, however the table moves", () => {
  const mark = (i: number) => ({ fwmark: i + 1, destinations: servers(1 + i % 3, i) });
  const shape = fc.record({
    standing: fc.nat(12),
    others: fc.integer({ min: 1, max: 8 }),
    perDatagram: fc.integer({ min: 1, max: 6 }),
    pace: fc.constantFrom(0.2, 1, 3),
    buckets: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(),
  });
  fc.assert(fc.property(shape, ({ standing, others, perDatagram, pace, buckets, seed }) => {
    const all = Array.from({ length: standing + others }, (_, i) => mark(i));
    const source = movingServices({
      standing: all.slice(0, standing),
      others: all.slice(standing),
      ...{ pace, buckets, random: randomFrom(seed) },
    }, { perDatagram });
    const snapshot = collect(source);
    const shown = [...snapshot.virtualServers];
    assert.equal(new Set(shown.map(({ fwmark }) => fwmark)).size, shown.length);
    assert.ok(snapshot.consistency.listings <= 12);
    for (const { fwmark, realServers } of shown) {
      const expected = all[fwmark! - 1]!.destinations.map(({ address }) => address);
      const found = realServers.map(({ address }) => address);
      // A service that goes while it is read can have lost real servers, and never has others'.
      if (fwmark! <= standing) assert.deepEqual(found, expected);
      else assert.ok(found.every((address) => expected.includes(address)));
    }
  }));
});
