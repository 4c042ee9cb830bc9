/** Replays of recordings in which requests are missing, as in captures of other programs. */
import assert from "node:assert/strict";
import { fakeKernel, GET_DEST, GET_SERVICE, type Kernel } from "../_fake_kernel.ts";
import type { ParsedRequest } from "../_netlink_messages.ts";
import {
  addressesOf,
  beforeListing,
  FIVE,
  FIVE_ADDRESSES,
  fwmark,
  read,
  withRealServers,
} from "./_table_reader.ts";

/** Treats requests of a kind as not recorded, beginning with the `from`th. */
function notRecorded(kind: (request: ParsedRequest) => boolean, from: number): Kernel["onRequest"] {
  let count = 0;
  return (request) => kind(request) && ++count >= from ? "not recorded" : undefined;
}

const isListing = ({ command, dump }: ParsedRequest) => command === GET_SERVICE && dump;
const isLookup = ({ command, dump }: ParsedRequest) => command === GET_SERVICE && !dump;
const isDump = ({ command }: ParsedRequest) => command === GET_DEST;

Deno.test("TableReader is unverified if only one listing was recorded", () => {
  const source = fakeKernel({
    services: [fwmark(1), fwmark(2, 0)],
    onRequest: notRecorded(isListing, 2),
  });
  const { found, state, listings, doubts } = read(source);
  assert.deepEqual([found, state, listings, doubts], [[[1, 1], [2, 0]], "unverified", 1, []]);
});

Deno.test("TableReader is unverified if only one dump of several datagrams was recorded", () => {
  const { servers, state } = read(fakeKernel({
    services: withRealServers(FIVE),
    perDatagram: 2,
    onRequest: notRecorded(isDump, 2),
  }));
  assert.deepEqual(addressesOf(servers), FIVE_ADDRESSES);
  assert.equal(state, "unverified");
});

Deno.test("TableReader keeps a service, and is unverified, if its lookup was not recorded", () => {
  const remove = beforeListing({ 2: (_, kernel) => kernel.services = [fwmark(1)] });
  const missing = notRecorded(isLookup, 1);
  const { found, state } = read(fakeKernel({
    services: [fwmark(1), fwmark(2)],
    onRequest: (...request) => {
      remove(...request);
      return missing(...request);
    },
  }));
  assert.deepEqual([found, state], [[[1, 1], [2, 1]], "unverified"]);
});

Deno.test("TableReader is unverified if the recording ends before two listings agree", () => {
  const add = beforeListing({ 2: (_, kernel) => kernel.services = [fwmark(1), fwmark(2)] });
  const missing = notRecorded(isListing, 3);
  const { found, state, doubts } = read(fakeKernel({
    services: [fwmark(1)],
    onRequest: (...request) => {
      add(...request);
      return missing(...request);
    },
  }));
  assert.deepEqual([found, state, doubts], [[[1, 1], [2, 1]], "unverified", []]);
});

Deno.test("TableReader throws if no listing, or no dump of a service, was recorded", () => {
  for (const kind of [isListing, isDump]) {
    const source = fakeKernel({ services: [fwmark(1)], onRequest: notRecorded(kind, 1) });
    assert.throws(() => read(source), { name: "NotRecordedError" });
  }
});
