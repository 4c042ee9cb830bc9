/** The identity of servers does not depend on other data in a reply. */
import assert from "node:assert/strict";
import { collect, type Source } from "../../lib/ipvs/collect.ts";
import { Datagram } from "../../lib/netlink/transport.ts";
import { fakeKernel, type FakeService, GET_DEST, GET_SERVICE } from "../_fake_kernel.ts";

/** Replaces bytes in the replies: all occurrences, or with `keep` all except the first. */
function replaceBytes(
  source: Source,
  from: readonly number[],
  to: readonly number[],
  keep = false,
): Source {
  const { transport } = source;
  let kept = !keep;
  return {
    ...source,
    transport: {
      portId: transport.portId,
      *exchange(request) {
        for (const { bytes, length } of transport.exchange(request)) {
          const copy = bytes.slice(0, length);
          for (let at = 0; at + from.length <= length; at++) {
            if (!from.every((byte, i) => copy[at + i] === byte)) continue;
            if (kept) copy.set(to, at);
            kept = true;
          }
          yield Datagram.from(copy);
        }
      },
      [Symbol.dispose]() {},
    },
  };
}

/** Every virtual server with its real servers, as text. */
function servers(source: Source): string[] {
  return [...collect(source).virtualServers].map((each) => {
    const name = each.fwmark ?? `${each.address}:${each.port}`;
    const real = each.realServers.map(({ address, port }) => `${address}:${port}`);
    return [`${each.addressFamily} ${name}`, ...real].join(" ");
  });
}

const SECOND = [10, 0, 0, 2, 0, 0, 0, 0];
const FIRST_WITH_UNUSED = [10, 0, 0, 1, 9, 9, 9, 9];

Deno.test("the bytes after an IPv4 address are ignored", () => {
  const destinations = [{ address: "10.0.0.1" }, { address: "10.0.0.2" }];
  const kernel = fakeKernel({
    services: [
      { address: "10.0.0.1", port: 80, destinations },
      { address: "10.0.0.2", port: 80 },
    ],
    // The request has zeros in their place.
    onRequest({ command, service }) {
      if (command === GET_DEST) {
        assert.deepEqual([...service.get(3)!.subarray(4)], Array(12).fill(0));
      }
    },
  });
  const source = replaceBytes(kernel, SECOND, FIRST_WITH_UNUSED);
  assert.deepEqual(servers(source), ["inet 10.0.0.1:80 10.0.0.1:0"]);
});

Deno.test("all bytes of an IPv6 address count", () => {
  const services = [{ address: "a00:1::", port: 80 }, { address: "a00:1:909::", port: 80 }];
  assert.equal(servers(fakeKernel({ services })).length, 2);
});

Deno.test("a fwmark and its address family identify a virtual server", () => {
  const kernel = fakeKernel({
    services: [{ fwmark: 1 }, { fwmark: 1 }, { fwmark: 1, family: 10 }],
    unknownAttributes: true,
  });
  // Turns the unknown attribute into a port.
  const source = replaceBytes(kernel, [7, 0, 60, 0, 1, 2, 3, 0], [6, 0, 4, 0, 1, 2, 0, 0], true);
  assert.deepEqual(servers(source), ["inet 1", "inet6 1"]);
});

Deno.test("the last entry counts if a virtual server is listed twice", () => {
  const services: FakeService[] = [{ fwmark: 1, sched: "rr" }, { fwmark: 1, sched: "wlc" }];
  const [server, ...more] = [...collect(fakeKernel({ services })).virtualServers];
  assert.equal(server?.sched, "wlc");
  assert.deepEqual(more, []);
});

Deno.test("a second listing that differs only in unused bytes is the same", () => {
  let listings = 0;
  const kernel = fakeKernel({
    services: [{ address: "10.0.0.2", port: 80, destinations: [{ address: "10.0.0.3" }] }],
    onRequest({ command, dump }) {
      if (command === GET_SERVICE && dump) listings++;
    },
  });
  const { consistency } = collect(
    replaceBytes(kernel, SECOND, [10, 0, 0, 2, 7, 7, 7, 7], true),
  );
  assert.equal(listings, 2);
  assert.deepEqual(consistency, { state: "verified", listings: 2, doubts: [] });
});

Deno.test("two sync daemons of the same state are an error: the kernel has one of each", () => {
  const daemons = [1, 2, 1].map((state, syncId) => ({ state, interface: "eth0", syncId }));
  assert.equal(collect(fakeKernel({ daemons: daemons.slice(0, 2) })).syncDaemons?.length, 2);
  assert.throws(() => collect(fakeKernel({ daemons })), {
    name: "DecodeError",
    message: "Cannot use the reply to IPVS_CMD_GET_DAEMON: two sync daemons of state 1",
  });
});

Deno.test("an IPv6 prefix length above 128 is an error", () => {
  const services = (netmask: number) => [{ address: "::1", port: 80, netmask }];
  assert.equal(
    [...collect(fakeKernel({ services: services(128) })).virtualServers][0]?.netmask,
    128,
  );
  assert.throws(() => collect(fakeKernel({ services: services(129) })), {
    name: "DecodeError",
    message: /^Cannot decode IPVS_SVC_ATTR_NETMASK at offset \d+: no prefix length 129$/,
  });
});
