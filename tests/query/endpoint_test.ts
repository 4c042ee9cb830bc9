import assert from "node:assert/strict";
import { parseNetwork } from "../../lib/ipvs/network.ts";
import { parseEndpoint } from "../../lib/query/endpoint.ts";

Deno.test("parseEndpoint reads protocol, address or network, and port", () => {
  const cases: [
    text: string,
    protocol: string | undefined,
    host: string | undefined,
    port?: number,
  ][] = [
    ["tcp://10.0.0.1:80", "tcp", "10.0.0.1", 80],
    ["udp://[2001:db8::1]:53", "udp", "2001:db8::1", 53],
    ["sctp://10.0.0.0/24:0", "sctp", "10.0.0.0/24", 0],
    ["50://10.0.0.1", "50", "10.0.0.1"],
    ["[2001:db8::]/32:443", undefined, "2001:db8::/32", 443],
    ["2001:db8::/32", undefined, "2001:db8::/32"],
    ["2001:db8::1", undefined, "2001:db8::1"],
    ["[2001:db8::1]", undefined, "2001:db8::1"],
    ["10.0.0.1", undefined, "10.0.0.1"],
    [":65535", undefined, undefined, 65535],
    ["tcp://:80", "tcp", undefined, 80],
    ["tcp://", "tcp", undefined],
  ];
  for (const [text, protocol, host, port] of cases) {
    const network = host === undefined ? undefined : parseNetwork(host);
    const found = parseEndpoint(text);
    assert.notEqual(found, undefined, text);
    assert.deepEqual([found!.protocol, found!.port], [protocol, port], text);
    assert.deepEqual(found!.network?.words, network?.words, text);
    assert.equal(found!.network?.length, network?.length, text);
  }
});

Deno.test("parseEndpoint rejects what is no pattern", () => {
  for (
    const text of [
      ...["", ":", "abc", "shop/web", "http://10.0.0.1", "256://10.0.0.1", "10.0.0.1:65536"],
      ...["10.0.0.1:", "10.0.0.1:http", "[10.0.0.1", "tcp://tcp://:80", "10.0.0.0/8/8", "80"],
    ]
  ) assert.equal(parseEndpoint(text), undefined, text);
});
