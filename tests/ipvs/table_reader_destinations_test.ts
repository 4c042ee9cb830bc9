import assert from "node:assert/strict";
import {
  type FakeDestination,
  fakeKernel,
  type FakeSource,
  GET_DEST,
  GET_SERVICE,
} from "../_fake_kernel.ts";
import {
  addressesOf,
  duringDump,
  FIVE,
  FIVE_ADDRESSES,
  fwmark,
  fwmarkOf,
  read,
  realServer,
  realServers,
  recordRequests,
  withRealServers,
} from "./_table_reader.ts";

Deno.test("TableReader reads real servers twice only if they take several datagrams", () => {
  const count = (perDatagram: number) => {
    const source = fakeKernel({ services: withRealServers(FIVE), perDatagram });
    const requests = recordRequests(source);
    assert.deepEqual(addressesOf(read(source).servers), FIVE_ADDRESSES);
    return requests.dumps().length;
  };
  assert.deepEqual([count(5), count(4), count(1)], [1, 2, 2]);
});

Deno.test("TableReader returns each real server once if a dump skips it or has it twice", () => {
  const extra = realServer(99);
  for (const [before, after] of [[[extra, ...FIVE], FIVE], [FIVE, [extra, ...FIVE]]]) {
    const { servers, state } = read(fakeKernel({
      services: withRealServers(before!),
      perDatagram: 2,
      ...duringDump({ 1: (_, kernel) => kernel.services = withRealServers(after!) }),
    }));
    assert.deepEqual(addressesOf(servers).slice(0, 5), FIVE_ADDRESSES);
    assert.equal(servers[0]!.realServers.length, after!.length);
    assert.equal(state, "verified");
  }
});

Deno.test("TableReader returns the first dump if the second one has the same real servers", () => {
  const heavy = FIVE.map((one) => ({ ...one, weight: 7 }));
  const { servers } = read(fakeKernel({
    services: withRealServers(FIVE),
    perDatagram: 2,
    ...duringDump({ 1: (_, kernel) => kernel.services = withRealServers(heavy) }),
  }));
  assert.deepEqual(servers[0]!.realServers.map(({ weight }) => weight), [1, 1, 7, 7, 7]);
});

Deno.test("TableReader reads real servers again if the only datagram of a dump is full", () => {
  // The last two move forward into the part that has been sent.
  const [removed, stable] = [
    [realServer(200), realServer(201)],
    Array.from({ length: 91 }, (_, i) => realServer(i)),
  ];
  const source = fakeKernel({
    services: withRealServers([...removed, ...stable]),
    perDatagram: 91,
    ...duringDump({ 1: (_, kernel) => kernel.services = withRealServers(stable) }),
  });
  const { servers, state } = read(source);
  assert.deepEqual(addressesOf(servers), stable.map(({ address }) => address));
  assert.equal(state, "verified");
});

Deno.test("TableReader is inconsistent, and returns all real servers, if no two of 12 dumps agree", () => {
  let step = 0;
  const source = fakeKernel({
    services: withRealServers(FIVE),
    perDatagram: 2,
    onRequest: ({ command }, kernel) => {
      if (command === GET_DEST) {
        kernel.services = withRealServers([realServer(100 + ++step), ...FIVE]);
      }
    },
    // The new one is removed and the second of the five is skipped, in all dumps but one.
    onDatagram: ({ command }, kernel) => {
      if (command === GET_DEST && step !== 6) kernel.services = withRealServers(FIVE);
    },
  });
  const { servers, state, doubts } = read(source);
  assert.equal(step, 12);
  assert.deepEqual(addressesOf(servers).slice(0, 5), FIVE_ADDRESSES);
  assert.equal(new Set(addressesOf(servers)).size, servers[0]!.realServers.length);
  assert.equal(state, "inconsistent");
  assert.deepEqual(doubts, ["fwmark 1 inet: no two of 12 lists had the same real servers"]);
});

Deno.test("TableReader reads the real servers of a service after an inconsistent one", () => {
  let step = 0;
  const source = fakeKernel({ perDatagram: 2 });
  const services = () => [fwmark(2, 3), ...withRealServers([realServer(100 + ++step), ...FIVE])];
  source.kernel.services = services();
  source.kernel.onRequest = (request, kernel) => {
    if (request.command === GET_DEST && fwmarkOf(request) === 1) kernel.services = services();
  };
  const { found, doubts } = read(source);
  assert.equal(doubts.length, 1);
  assert.deepEqual(found.map(([fwmark]) => fwmark), [1, 2]);
  assert.deepEqual(found[1], [2, 3]);
});

/** 30 stable real servers after one that is removed during every dump and added again. */
function flapping(perDatagram: number): FakeSource {
  const stable = realServers(30);
  const flapping = { address: "10.9.9.9", port: 80 };
  const service = (...first: FakeDestination[]) => [{
    fwmark: 1,
    destinations: [...first, ...stable],
  }];
  return fakeKernel({
    perDatagram,
    onRequest: (_, kernel) => void (kernel.services = service(flapping)),
    onDatagram: ({ command }, kernel) => {
      if (command === GET_DEST) kernel.services = service();
    },
  });
}

/** Adds a verification socket with another number of entries in a datagram. */
function withVerificationSocket(source: FakeSource, perDatagram: number): FakeSource {
  const { kernel, transport } = source;
  const usual = kernel.perDatagram;
  const second = {
    portId: transport.portId,
    *exchange(request: Uint8Array<ArrayBuffer>) {
      kernel.perDatagram = perDatagram;
      try {
        yield* transport.exchange(request);
      } finally {
        kernel.perDatagram = usual;
      }
    },
    [Symbol.dispose]() {},
  };
  return { ...source, second };
}

Deno.test("TableReader finds real servers that every dump skips in the same way", () => {
  // Without a verification socket, two dumps skip the same server and agree.
  assert.equal(read(flapping(10)).found[0]![1], 30);
  const { servers, state } = read(withVerificationSocket(flapping(10), 7));
  assert.equal(state, "inconsistent");
  const found = new Set(servers[0]!.realServers.map(({ address }) => address));
  for (const { address } of realServers(30)) assert.ok(found.has(address), address);
  assert.equal(found.size, servers[0]!.realServers.length);
});

Deno.test("TableReader uses the verification socket for every second listing and dump", () => {
  const source = fakeKernel({ services: [fwmark(1, 5)], perDatagram: 2 });
  const sizes: number[] = [];
  source.kernel.onRequest = ({ command, dump }, kernel) => {
    if (dump && (command === GET_DEST || command === GET_SERVICE)) sizes.push(kernel.perDatagram);
  };
  assert.equal(read(withVerificationSocket(source, 3)).state, "verified");
  assert.deepEqual(sizes, [2, 2, 3, 3]);
});
