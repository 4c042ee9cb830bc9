import assert from "node:assert/strict";
import { Selection, type SelectionText } from "../../lib/query/selection.ts";
import { SelectionError } from "../../lib/query/selection_error.ts";
import { keys, table } from "./_tables.ts";

const WEB = "tcp 10.0.0.1:80", DNS = "udp 10.0.0.1:53", SCTP = "sctp 10.0.1.1:80";
const WEB6 = "tcp [2001:db8::1]:80", MARK = "fwmark 7 inet", MARK6 = "fwmark 7 inet6";

function select(text: SelectionText): Record<string, string[]> {
  return keys(new Selection(text).select(table()));
}

Deno.test("virtual servers are selected by each option", () => {
  const cases: [SelectionText, string[]][] = [
    [{}, [WEB, DNS, SCTP, WEB6, MARK, MARK6]],
    [{ services: ["tcp://10.0.0.1:80"] }, [WEB]],
    [{ services: ["10.0.0.1"] }, [WEB, DNS]],
    [{ services: ["10.0.0.0/23"] }, [WEB, DNS, SCTP]],
    [{ services: ["0.0.0.0/0"] }, [WEB, DNS, SCTP]],
    [{ services: ["::/0"] }, [WEB6]],
    [{ services: ["[2001:db8::1]:80"] }, [WEB6]],
    [{ services: [":80"] }, [WEB, SCTP, WEB6]],
    [{ services: ["tcp://:80"] }, [WEB, WEB6]],
    [{ services: ["udp://:80"] }, []],
    [{ services: ["fwmark:7"] }, [MARK, MARK6]],
    [{ services: ["udp://10.0.0.1:53", "fwmark:7"] }, [DNS, MARK, MARK6]],
    [{ fwmarks: ["7"] }, [MARK, MARK6]],
    [{ fwmarks: ["0x7", "8"] }, [MARK, MARK6]],
    [{ protocols: ["sctp", "udp"] }, [DNS, SCTP]],
    [{ families: ["inet6"] }, [WEB6, MARK6]],
    [{ schedulers: ["wlc"] }, [DNS, SCTP]],
    [{ services: ["10.0.0.1"], protocols: ["udp"] }, [DNS]],
    [{ services: ["10.0.0.1"], fwmarks: ["7"] }, []],
    [{ fwmarks: ["7"], families: ["inet"] }, [MARK]],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(Object.keys(select(text)).sort(), expected.toSorted(), JSON.stringify(text));
  }
});

Deno.test("real servers are selected with their virtual servers", () => {
  assert.deepEqual(select({ reals: ["10.1.0.1"] }), {
    [DNS]: ["10.1.0.1:53"],
    [WEB]: ["10.1.0.1:80"],
    [MARK]: ["10.1.0.1:0"],
  });
  assert.deepEqual(select({ reals: [":8080", "2001:db8:1::/48"], schedulers: ["rr"] }), {
    [WEB]: ["10.1.0.2:8080", "[2001:db8:1::1]:80"],
  });
  assert.deepEqual(select({ reals: ["10.9.0.0/16"] }), {});
});

Deno.test("states of virtual servers and of real servers are alternatives", () => {
  assert.deepEqual(Object.keys(select({ states: ["empty"] })), [SCTP, MARK6]);
  assert.deepEqual(select({ states: ["down"] }), { [DNS]: ["10.1.0.1:53"] });
  assert.deepEqual(select({ states: ["draining"] }), {
    [DNS]: ["10.1.0.1:53"],
    [WEB]: ["10.1.0.2:8080"],
  });
  assert.deepEqual(select({ states: ["drained", "down"] }), {
    [DNS]: ["10.1.0.1:53"],
    [WEB]: ["[2001:db8:1::1]:80"],
  });
  assert.deepEqual(select({ states: ["degraded"], reals: ["10.1.0.2"] }), {
    [WEB]: ["10.1.0.2:8080"],
  });
});

Deno.test("a virtual server keeps its state if real servers are left out", () => {
  const selected = new Selection({ reals: ["10.1.0.2"] }).select(table()).virtualServers.at(0)!;
  assert.equal(selected.realServers.length, 1);
  assert.equal(selected.allRealServers.length, 3);
  assert.equal(selected.state, "degraded");
});

Deno.test("exact virtual servers are identified, so that the kernel can be asked for them", () => {
  const identities = (text: SelectionText) =>
    new Selection(text).identities?.map(({ family, fwmark, protocol, address, port }) => [
      ...[family, fwmark, protocol, port],
      new Uint8Array(address.buffer).toHex(),
    ]);
  const none = "0".repeat(32);
  assert.deepEqual(identities({ services: ["tcp://10.0.0.1:80"] }), [
    [2, 0, 6, 80, `0a000001${"0".repeat(24)}`],
  ]);
  assert.deepEqual(identities({ services: ["udp://[::2]:53", "fwmark:9"] }), [
    [10, 0, 17, 53, `${"0".repeat(31)}2`],
    [2, 9, 0, 0, none],
    [10, 9, 0, 0, none],
  ]);
  assert.deepEqual(identities({ fwmarks: ["9"], states: ["down"] })?.length, 2);
  for (
    const text of [
      ...[{}, { services: ["10.0.0.1:80"] }, { services: ["tcp://10.0.0.1"] }],
      ...[{ services: ["tcp://10.0.0.0/31:80"] }, { services: ["tcp://10.0.0.1:80", ":80"] }],
      { reals: ["10.1.0.1:80"] },
    ]
  ) assert.equal(identities(text), undefined, JSON.stringify(text));
});

Deno.test("a selection that cannot be parsed is an error that names it", () => {
  const cases: [SelectionText, RegExp][] = [
    [{ services: ["web"] }, /^Unknown service "web"; use one such as tcp:\/\/10\.0\.0\.1:80/],
    [{ services: ["fwmark:x"] }, /^Invalid fwmark "x"/],
    [{ fwmarks: ["0"] }, /^Invalid fwmark "0"; use a number from 1 to 4294967295$/],
    [{ fwmarks: ["4294967296"] }, /^Invalid fwmark/],
    [{ fwmarks: ["1e3"] }, /^Invalid fwmark/],
    [{ reals: ["tcp://10.0.0.1"] }, /^Unknown real server "tcp:\/\/10\.0\.0\.1"; use/],
    [{ reals: ["web"] }, /^Unknown real server/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => new Selection(text), (error) => {
      return error instanceof SelectionError && message.test(error.message);
    }, JSON.stringify(text));
  }
});
