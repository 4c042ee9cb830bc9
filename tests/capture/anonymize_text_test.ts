import assert from "node:assert/strict";
import { anonymizeText } from "../../lib/capture/anonymize_text.ts";
import { Anonymizer, ANONYMIZER_KEY_LENGTH } from "../../lib/capture/anonymizer.ts";
import { addressBytes } from "../_netlink_messages.ts";

const KEY = Uint8Array.from({ length: ANONYMIZER_KEY_LENGTH }, (_, i) => i);

/** The replacement of an address, in the form of /proc. */
function hex(address: string): string {
  const digits = new Anonymizer(KEY).address(Uint8Array.from(addressBytes(address))).toHex();
  return digits.length === 8 ? digits.toUpperCase() : digits.match(/.{4}/g)!.join(":");
}

function anonymize(name: string, text: string): string | undefined {
  return anonymizeText(name, text, new Anonymizer(KEY));
}

// As Linux 6.1 prints them.
const HEAD = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
`;
const MARK = "FWM  0000002F wlc persistent 30000 FFFFFFFF\n";

Deno.test("anonymizeText() replaces the addresses in ip_vs", () => {
  const table = (one: string, two: string, real: string, six: string) =>
    `${HEAD}TCP  ${one}:0050 rr 
UDP  ${two}:0035 wrr ops 
  -> ${real}:1F90      Masq    1      2          3         
${MARK}TCP  [${six}]:01BB sh persistent 36000 64
`;
  const original = table(
    "0A000001",
    "C0A80001",
    "7F000001",
    "2001:0db8:0000:0000:0000:0000:0000:0001",
  );
  const [one, two, six] = [hex("10.0.0.1"), hex("192.168.0.1"), hex("2001:db8::1")];
  assert.equal(anonymize("ip_vs", original), table(one, two, "7F000001", six));
});

const CONNECTIONS = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires";

Deno.test("anonymizeText() replaces the addresses of connections, and removes the data of SIP", () => {
  const line = (from: string, to: string, real: string, end: string) =>
    `TCP ${from} C350 ${to} 0050 ${real} 1F90 ESTABLISHED     889${end}\n`;
  const six = "2001:0db8:0000:0000:0000:0000:0000:0002";
  const original = `${CONNECTIONS} PEName PEData\n` +
    line("C0A80001", "0A000001", "0A010001", "") +
    line(six, six, six, "") +
    line("C0A80001", "0A000001", "0A010001", " sip 192.168.0.1-call");
  const [from, to, real] = [hex("192.168.0.1"), hex("10.0.0.1"), hex("10.1.0.1")];
  const other = hex("2001:db8::2");
  assert.equal(
    anonymize("ip_vs_conn", original),
    `${CONNECTIONS} PEName PEData\n` + line(from, to, real, "") + line(other, other, other, "") +
      line(from, to, real, ""),
  );
});

Deno.test("anonymizeText() replaces the addresses of synchronized connections", () => {
  const head = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n";
  const line = (from: string, to: string, real: string) =>
    `UDP ${from} C350 ${to} 0035 ${real} 0035 UDP         SYNC       299\n`;
  const original = head + line("C0A80001", "0A000001", "0A010001");
  const expected = head + line(hex("192.168.0.1"), hex("10.0.0.1"), hex("10.1.0.1"));
  assert.equal(anonymize("ip_vs_conn_sync", original), expected);
});

Deno.test("anonymizeText() leaves out lines and files of an unknown form", () => {
  assert.equal(anonymize("ip_vs", `${HEAD}TCP 10.0.0.1:80 rr\n${MARK}`), HEAD + MARK);
  assert.equal(anonymize("ip_vs_conn", "TCP C0A80001 C350\n"), "");
  assert.equal(anonymize("arp", "10.0.0.1\n"), undefined);
});

Deno.test("anonymizeText() keeps counters and settings", () => {
  for (const name of ["ip_vs_stats", "ip_vs_status", "sys/net/ipv4/vs/est_cpulist"]) {
    assert.equal(anonymize(name, " 0A000001\n"), " 0A000001\n");
  }
});
