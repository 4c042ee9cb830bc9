import assert from "node:assert/strict";
import fc from "fast-check";
import { collect } from "../../lib/ipvs/collect.ts";
import type { VirtualServer } from "../../lib/ipvs/virtual_server.ts";
import type { Consistency } from "../../lib/ipvs/snapshot.ts";
import {
  type FakeDestination,
  fakeKernel,
  type FakeService,
  type FakeSource,
  GET_DEST,
  GET_SERVICE,
  type Kernel,
} from "../_fixtures.ts";
import type { ParsedRequest } from "../_netlink_messages.ts";

/** A service by its mark, with as many real servers; the first's weight is `weight`. */
function marked(mark: number, realServers = 1, weight = 1): FakeService {
  return { fwmark: mark, destinations: reals(realServers, weight) };
}

function reals(count: number, weight = 1): FakeDestination[] {
  return Array.from({ length: count }, (_, i) => real(i, i === 0 ? weight : 1));
}

function real(i: number, weight = 1): FakeDestination {
  return { address: `10.0.${i >> 8}.${i & 255}`, port: 80, weight };
}

/** What a test looks at: marks with their numbers of real servers, and how sure they are. */
function read(source: FakeSource) {
  const snapshot = collect(source);
  const servers = [...snapshot.virtualServers];
  const found = servers.map((one): [number, number] => [one.fwmark!, one.realServers.length]);
  return { found, servers, ...snapshot.consistency };
}

/** Notes what is asked, and of which mark. */
function watch(source: FakeSource) {
  const noted: { command: number; dump: boolean; mark: number }[] = [];
  const answer = source.kernel.onRequest;
  source.kernel.onRequest = (request, kernel, count) => {
    noted.push({ command: request.command, dump: request.dump, mark: markOf(request) });
    return answer(request, kernel, count);
  };
  const marks = (command: number, dump: boolean) =>
    noted.filter((one) => one.command === command && one.dump === dump).map(({ mark }) => mark);
  return {
    listings: () => marks(GET_SERVICE, true).length,
    questions: () => marks(GET_SERVICE, false),
    dumps: () => marks(GET_DEST, true),
  };
}

function markOf({ service }: ParsedRequest): number {
  const mark = service.get(5);
  return mark === undefined ? 0 : new DataView(Uint8Array.from(mark).buffer).getUint32(0, true);
}

type Hook = (request: ParsedRequest, kernel: Kernel) => void;

/** Calls a hook before the `n`th listing of the services (from 1). */
function beforeListing(hooks: Readonly<Record<number, Hook>>): Kernel["onRequest"] {
  let listing = 0;
  return (request, kernel) => {
    if (request.command === GET_SERVICE && request.dump) hooks[++listing]?.(request, kernel);
  };
}

/** Calls a hook after the first datagram of the `n`th listing. */
function duringListing(hooks: Readonly<Record<number, Hook>>) {
  let listing = 0;
  const onRequest: Kernel["onRequest"] = ({ command, dump }) => {
    if (command === GET_SERVICE && dump) listing++;
  };
  const called = new Set<number>();
  const onDatagram: Kernel["onDatagram"] = (request, kernel) => {
    if (request.command !== GET_SERVICE || called.has(listing)) return;
    called.add(listing);
    hooks[listing]?.(request, kernel);
  };
  return { onRequest, onDatagram };
}

const VERIFIED: Consistency["state"] = "verified";

Deno.test("TableReader reads a table that stands still with two listings, and asks for no service", () => {
  const source = fakeKernel({ services: [marked(3), marked(1, 2), marked(2)], perDatagram: 2 });
  const watched = watch(source);
  const { found, state, listings, doubts } = read(source);
  assert.deepEqual(found, [[1, 2], [2, 1], [3, 1]]);
  assert.deepEqual([state, listings, doubts], [VERIFIED, 2, []]);
  assert.deepEqual(watched.dumps().sort(), [1, 2, 3]);
  assert.deepEqual(watched.questions(), []);
});

Deno.test("TableReader reads a table without services", () => {
  const { found, state, listings } = read(fakeKernel());
  assert.deepEqual([found, state, listings], [[], VERIFIED, 2]);
});

Deno.test("TableReader shows a service that a listing skipped because one before it went", () => {
  const { found, state } = read(fakeKernel({
    services: [marked(9), marked(1), marked(2), marked(3), marked(4)],
    perDatagram: 2,
    // Mark 2 moves up into the datagram that has been sent.
    ...duringListing({
      1: (_, kernel) => kernel.services = [marked(1), marked(2), marked(3), marked(4)],
    }),
  }));
  assert.deepEqual(found, [[1, 1], [2, 1], [3, 1], [4, 1]]);
  assert.equal(state, VERIFIED);
});

Deno.test("TableReader shows a service that only the second and later listings skip", () => {
  const stand = [marked(1), marked(2), marked(3), marked(4)];
  const source = fakeKernel({
    services: stand,
    perDatagram: 2,
    onRequest: beforeListing({
      2: (_, kernel) => kernel.services = [marked(8), ...stand],
      3: (_, kernel) => kernel.services = [marked(9), ...stand],
    }),
    // Mark 2 moves up each time.
    onDatagram: ({ command }, kernel) => {
      if (command === GET_SERVICE && kernel.services.length > 4) kernel.services = stand;
    },
  });
  const { found, state } = read(source);
  assert.deepEqual(found, [[1, 1], [2, 1], [3, 1], [4, 1]]);
  assert.equal(state, VERIFIED);
});

Deno.test("TableReader asks for a service that the last listing skipped, and keeps it", () => {
  const stand = [marked(1), marked(2), marked(3)];
  const source = fakeKernel({
    services: stand,
    onRequest: beforeListing({
      2: (_, kernel) => kernel.services = [marked(1), marked(3)],
      3: (_, kernel) => kernel.services = [marked(1), marked(3)],
      4: (_, kernel) => kernel.services = stand,
    }),
  });
  const answer = source.kernel.onRequest;
  source.kernel.onRequest = (request, kernel, count) => {
    // It is there when the kernel is asked for it alone.
    if (request.command === GET_SERVICE && !request.dump) kernel.services = stand;
    return answer(request, kernel, count);
  };
  const watched = watch(source);
  const { found, state } = read(source);
  assert.deepEqual(found, [[1, 1], [2, 1], [3, 1]]);
  assert.equal(state, VERIFIED);
  assert.deepEqual(watched.questions(), [2]);
});

Deno.test("TableReader shows a service once that a listing had twice", () => {
  const stand = [marked(1), marked(2), marked(3)];
  const { found, state } = read(fakeKernel({
    services: stand,
    perDatagram: 2,
    // Mark 2 moves down and is listed again.
    ...duringListing({ 1: (_, kernel) => kernel.services = [marked(9), ...stand] }),
  }));
  assert.deepEqual(found, [[1, 1], [2, 1], [3, 1], [9, 1]]);
  assert.equal(state, VERIFIED);
});

Deno.test("TableReader drops a service that vanished after the first listing: ESRCH", () => {
  const source = fakeKernel({
    services: [marked(1), marked(2)],
    onRequest: beforeListing({ 2: (_, kernel) => kernel.services = [marked(1)] }),
  });
  const watched = watch(source);
  const { found, state } = read(source);
  assert.deepEqual(found, [[1, 1]]);
  assert.equal(state, VERIFIED);
  assert.deepEqual(watched.questions(), [2]);
});

Deno.test("TableReader drops a vanished service whose empty dump looks like one without real servers", () => {
  const source = fakeKernel({
    services: [marked(1), marked(2, 5)],
    onRequest: (request, kernel) => {
      if (request.command === GET_DEST && markOf(request) === 2) kernel.services = [marked(1)];
    },
  });
  assert.deepEqual(read(source).found, [[1, 1]]);
});

Deno.test("TableReader keeps a service that really has no real servers", () => {
  const { found, state } = read(fakeKernel({ services: [marked(1, 0), marked(2)] }));
  assert.deepEqual([found, state], [[[1, 0], [2, 1]], VERIFIED]);
});

Deno.test("TableReader shows a service that came after the first listing, with its real servers", () => {
  const { found, state } = read(fakeKernel({
    services: [marked(1)],
    onRequest: beforeListing({ 2: (_, kernel) => kernel.services = [marked(2, 3), marked(1)] }),
  }));
  assert.deepEqual([found, state], [[[1, 1], [2, 3]], VERIFIED]);
});

Deno.test("TableReader does not believe the empty dump of a service that was away for a while", () => {
  let dumps = 0;
  const { found, state } = read(fakeKernel({
    services: [marked(1), marked(2, 5)],
    onRequest: (request, kernel) => {
      const away = request.command === GET_DEST && markOf(request) === 2 && ++dumps === 1;
      kernel.services = away ? [marked(1)] : [marked(1), marked(2, 5)];
    },
  }));
  // Both listings have it and agree.
  assert.deepEqual([found, state], [[[1, 1], [2, 5]], VERIFIED]);
});

Deno.test("TableReader drops a service that was listed twice and turns out to be gone", () => {
  let gone = false;
  const source = fakeKernel({
    services: [marked(1), marked(2, 5)],
    onRequest: (request, kernel) => {
      const isDump = request.command === GET_DEST && markOf(request) === 2;
      const isQuestion = request.command === GET_SERVICE && !request.dump;
      gone = isDump || isQuestion;
      kernel.services = gone ? [marked(1)] : [marked(1), marked(2, 5)];
    },
  });
  const watched = watch(source);
  assert.deepEqual(read(source).found, [[1, 1]]);
  assert.deepEqual(watched.questions(), [2]);
});

Deno.test("TableReader says which listings had news where they never end, and reads no more than 12", () => {
  let mark = 100;
  const source = fakeKernel({
    services: [marked(1)],
    onRequest: ({ command, dump }, kernel) => {
      if (command === GET_SERVICE && dump) kernel.services = [marked(1), marked(++mark)];
    },
  });
  const watched = watch(source);
  const { found, state, listings, doubts } = read(source);
  assert.deepEqual(found, [[1, 1], [112, 1]]);
  assert.deepEqual([state, listings, watched.listings()], ["inconsistent", 12, 12]);
  assert.deepEqual(doubts, ["each of 12 listings had virtual servers new to the others"]);
});

Deno.test("TableReader throws what the kernel answers about a service, if it is not ESRCH", () => {
  const source = fakeKernel({ services: [marked(1), marked(2)] });
  source.kernel.onRequest = ({ command, dump }, kernel) => {
    if (command === GET_DEST) kernel.services = [marked(1)];
    return command === GET_SERVICE && !dump ? { errno: 12 } : undefined;
  };
  assert.throws(() => read(source), { name: "NetlinkError", code: "ENOMEM" });
});

Deno.test("TableReader shows a service as it was read first, and its real servers likewise", () => {
  const sched = (name: string): FakeService => ({ ...marked(1), sched: name });
  const { servers } = read(fakeKernel({
    services: [sched("rr")],
    onRequest: beforeListing({ 2: (_, kernel) => kernel.services = [sched("wlc"), marked(2)] }),
  }));
  assert.deepEqual(servers.map((one: VirtualServer) => one.sched), ["rr", "rr"]);
});

Deno.test("TableReader orders the snapshot alike for every order of the kernel's", () => {
  const services: FakeService[] = [
    ...[marked(7, 3), marked(4294967295)],
    { address: "10.0.0.1", port: 80, destinations: reals(4).reverse() },
    { address: "10.0.0.1", port: 80, protocol: 17 },
    { address: "2001:db8::1", port: 80, destinations: reals(2) },
    { fwmark: 7, family: 10 },
  ];
  const expected = [...collect(fakeKernel({ services })).virtualServers];
  const shuffled = fc.shuffledSubarray(services, { minLength: services.length });
  fc.assert(fc.property(shuffled, fc.integer({ min: 1, max: 7 }), (services, perDatagram) => {
    const other = [...collect(fakeKernel({ services, perDatagram })).virtualServers];
    assert.equal(JSON.stringify(other), JSON.stringify(expected));
  }));
});

// Real servers of one service.

function duringDump(hooks: Readonly<Record<number, Hook>>) {
  let dump = 0;
  const onRequest: Kernel["onRequest"] = ({ command }) => {
    if (command === GET_DEST) dump++;
  };
  const called = new Set<number>();
  const onDatagram: Kernel["onDatagram"] = (request, kernel) => {
    if (request.command !== GET_DEST || called.has(dump)) return;
    called.add(dump);
    hooks[dump]?.(request, kernel);
  };
  return { onRequest, onDatagram };
}

function holding(destinations: FakeDestination[]): FakeService[] {
  return [{ fwmark: 1, destinations }];
}

function addressesOf(servers: VirtualServer[]): string[] {
  return servers[0]!.realServers.map(({ address }) => address);
}

const FIVE = [0, 1, 2, 3, 4].map((i) => real(i));
const FIVE_ADDRESSES = FIVE.map(({ address }) => address);

Deno.test("TableReader reads real servers of one datagram once, those of several twice", () => {
  const count = (perDatagram: number) => {
    const source = fakeKernel({ services: holding(FIVE), perDatagram });
    const watched = watch(source);
    assert.deepEqual(addressesOf(read(source).servers), FIVE_ADDRESSES);
    return watched.dumps().length;
  };
  assert.deepEqual([count(5), count(4), count(1)], [1, 2, 2]);
});

Deno.test("TableReader shows a real server that a dump skipped, and one once that it had twice", () => {
  const extra = real(99);
  for (const [before, after] of [[[extra, ...FIVE], FIVE], [FIVE, [extra, ...FIVE]]]) {
    const { servers, state } = read(fakeKernel({
      services: holding(before!),
      perDatagram: 2,
      ...duringDump({ 1: (_, kernel) => kernel.services = holding(after!) }),
    }));
    assert.deepEqual(addressesOf(servers).slice(0, 5), FIVE_ADDRESSES);
    assert.equal(servers[0]!.realServers.length, after!.length);
    assert.equal(state, VERIFIED);
  }
});

Deno.test("TableReader shows real servers as the first of two readings that agree has them", () => {
  const heavy = FIVE.map((one) => ({ ...one, weight: 7 }));
  const { servers } = read(fakeKernel({
    services: holding(FIVE),
    perDatagram: 2,
    ...duringDump({ 1: (_, kernel) => kernel.services = holding(heavy) }),
  }));
  assert.deepEqual(servers[0]!.realServers.map(({ weight }) => weight), [1, 1, 7, 7, 7]);
});

Deno.test("TableReader reads again what one datagram held only because others went meanwhile", () => {
  // A full datagram of 91, and then nothing: two that were to come have moved up.
  const [gone, stand] = [[real(200), real(201)], Array.from({ length: 91 }, (_, i) => real(i))];
  const source = fakeKernel({
    services: holding([...gone, ...stand]),
    perDatagram: 91,
    ...duringDump({ 1: (_, kernel) => kernel.services = holding(stand) }),
  });
  const { servers, state } = read(source);
  assert.deepEqual(addressesOf(servers), stand.map(({ address }) => address));
  assert.equal(state, VERIFIED);
});

Deno.test("TableReader shows all real servers of 12 readings where no two agree, and says so", () => {
  let step = 0;
  const source = fakeKernel({
    services: holding(FIVE),
    perDatagram: 2,
    onRequest: ({ command }, kernel) => {
      if (command === GET_DEST) kernel.services = holding([real(100 + ++step), ...FIVE]);
    },
    // The one that came goes, and the second of the five is skipped: in all readings but one.
    onDatagram: ({ command }, kernel) => {
      if (command === GET_DEST && step !== 6) kernel.services = holding(FIVE);
    },
  });
  const { servers, state, doubts } = read(source);
  assert.equal(step, 12);
  assert.deepEqual(addressesOf(servers).slice(0, 5), FIVE_ADDRESSES);
  assert.equal(new Set(addressesOf(servers)).size, servers[0]!.realServers.length);
  assert.equal(state, "inconsistent");
  assert.deepEqual(doubts, ["fwmark 1 inet: no two of 12 readings had the same real servers"]);
});

Deno.test("TableReader reads the next service's real servers right after one it has doubts about", () => {
  let step = 0;
  const source = fakeKernel({ perDatagram: 2 });
  const services = () => [marked(2, 3), ...holding([real(100 + ++step), ...FIVE])];
  source.kernel.services = services();
  source.kernel.onRequest = (request, kernel) => {
    if (request.command === GET_DEST && markOf(request) === 1) kernel.services = services();
  };
  const { found, doubts } = read(source);
  assert.equal(doubts.length, 1);
  assert.deepEqual(found.map(([mark]) => mark), [1, 2]);
  assert.deepEqual(found[1], [2, 3]);
});

// Recordings, of our own and of others.

/** Says that a request was not recorded from the `n`th of its kind on. */
function notRecorded(kind: (request: ParsedRequest) => boolean, from: number): Kernel["onRequest"] {
  let count = 0;
  return (request) => kind(request) && ++count >= from ? "not recorded" : undefined;
}

const isListing = ({ command, dump }: ParsedRequest) => command === GET_SERVICE && dump;
const isQuestion = ({ command, dump }: ParsedRequest) => command === GET_SERVICE && !dump;
const isDump = ({ command }: ParsedRequest) => command === GET_DEST;

Deno.test("TableReader is unverified where the services were recorded once", () => {
  const source = fakeKernel({
    services: [marked(1), marked(2, 0)],
    onRequest: notRecorded(isListing, 2),
  });
  const { found, state, listings, doubts } = read(source);
  assert.deepEqual([found, state, listings, doubts], [[[1, 1], [2, 0]], "unverified", 1, []]);
});

Deno.test("TableReader is unverified where real servers of several datagrams were recorded once", () => {
  const { servers, state } = read(fakeKernel({
    services: holding(FIVE),
    perDatagram: 2,
    onRequest: notRecorded(isDump, 2),
  }));
  assert.deepEqual(addressesOf(servers), FIVE_ADDRESSES);
  assert.equal(state, "unverified");
});

Deno.test("TableReader keeps a doubtful service, unverified, where nobody asked the kernel for it", () => {
  const gone = beforeListing({ 2: (_, kernel) => kernel.services = [marked(1)] });
  const silent = notRecorded(isQuestion, 1);
  const { found, state } = read(fakeKernel({
    services: [marked(1), marked(2)],
    onRequest: (...request) => {
      gone(...request);
      return silent(...request);
    },
  }));
  assert.deepEqual([found, state], [[[1, 1], [2, 1]], "unverified"]);
});

Deno.test("TableReader is unverified where the recording ends before the listings settle", () => {
  const come = beforeListing({ 2: (_, kernel) => kernel.services = [marked(1), marked(2)] });
  const short = notRecorded(isListing, 3);
  const { found, state, doubts } = read(fakeKernel({
    services: [marked(1)],
    onRequest: (...request) => {
      come(...request);
      return short(...request);
    },
  }));
  assert.deepEqual([found, state, doubts], [[[1, 1], [2, 1]], "unverified", []]);
});

Deno.test("TableReader throws where the services or a service's real servers were not recorded", () => {
  for (const kind of [isListing, isDump]) {
    const source = fakeKernel({ services: [marked(1)], onRequest: notRecorded(kind, 1) });
    assert.throws(() => read(source), { name: "NotRecordedError" });
  }
});

/** 30 real servers that stand behind a first one, which goes during every reading and comes back. */
function flapping(perDatagram: number): FakeSource {
  const standing = reals(30);
  const flapping = { address: "10.9.9.9", port: 80 };
  const service = (...first: FakeDestination[]) => [{
    fwmark: 1,
    destinations: [...first, ...standing],
  }];
  return fakeKernel({
    perDatagram,
    onRequest: (_, kernel) => void (kernel.services = service(flapping)),
    onDatagram: ({ command }, kernel) => {
      if (command === GET_DEST) kernel.services = service();
    },
  });
}

/** The same kernel through a socket whose datagrams hold another number of answers. */
function withSecond(source: FakeSource, perDatagram: number): FakeSource {
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

Deno.test("TableReader is not deceived by a real server that tears every reading alike", () => {
  // Through one socket, two readings lack the same standing server and agree.
  assert.equal(read(flapping(10)).found[0]![1], 30);
  const { servers, state } = read(withSecond(flapping(10), 7));
  assert.equal(state, "inconsistent");
  const found = new Set(servers[0]!.realServers.map(({ address }) => address));
  for (const { address } of reals(30)) assert.ok(found.has(address), address);
  assert.equal(found.size, servers[0]!.realServers.length);
});

Deno.test("TableReader reads every second time through the second transport", () => {
  const source = fakeKernel({ services: [marked(1, 5)], perDatagram: 2 });
  const sizes: number[] = [];
  source.kernel.onRequest = ({ command, dump }, kernel) => {
    if (dump && (command === GET_DEST || command === GET_SERVICE)) sizes.push(kernel.perDatagram);
  };
  assert.equal(read(withSecond(source, 3)).state, "verified");
  assert.deepEqual(sizes, [2, 2, 3, 3]);
});
