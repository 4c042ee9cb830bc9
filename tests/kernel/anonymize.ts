/** Looks for addresses and names of interfaces in anonymized recordings of a real kernel. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Anonymizer } from "../../lib/capture/anonymizer.ts";
import { RecordingRewriter } from "../../lib/capture/recording_rewriter.ts";
import { cannotFind, outputOf, withTempDir } from "../_commands.ts";
import {
  containedAddresses,
  findAddresses,
  identifiesNothing,
  longFormsOf,
} from "../capture/_find_addresses.ts";
import { concat } from "../capture/_monitor.ts";
import { decodeCapture, virtualServers } from "./_capture_state.ts";
import { type Files, seen } from "./_files.ts";
import { phase } from "./_guest.ts";

const test = phase("hard_cases.sh");

function identifyingAddresses(capture: Uint8Array): Uint8Array[] {
  return findAddresses(capture).filter((address) => !identifiesNothing(address));
}

test("record --anonymize leaves no address in the recording", (files) => {
  assert.deepEqual(seen(files, "anonymous"), { status: 0, out: "", err: "" });
  const addresses = identifyingAddresses(files["record.pcap"]!);
  assert.ok(addresses.length > 40);
  const left = (name: string) => containedAddresses(files[name]!, addresses, longFormsOf);
  assert.equal(left("record.pcap").length, addresses.length);
  assert.deepEqual(left("anonymous.pcap"), []);
});

/** The virtual servers of a recording, read by another decoder, without addresses and sorted. */
function withoutAddresses(files: Files, name: string): string[] {
  const hide = (key: string, value: unknown) => {
    if (key === "address") return "";
    // Counters are bigints.
    if (typeof value === "bigint") return `${value}`;
    if (key !== "real_servers") return value;
    return (value as unknown[]).map((real) => JSON.stringify(real, hide)).sort();
  };
  const servers = virtualServers(decodeCapture(files[name]!));
  return servers.map((virtual) => JSON.stringify(virtual, hide)).sort();
}

test("another decoder reads the same from an anonymized recording but for addresses", (files) => {
  const servers = withoutAddresses(files, "anonymous.pcap");
  assert.equal(servers.length, 60);
  assert.deepEqual(servers, withoutAddresses(files, "record.pcap"));
});

test("an anonymized copy has neither the interfaces nor the groups of the sync daemons", (files) => {
  const original = files["sync.record"]!;
  const chunks: Uint8Array[] = [];
  const write = (bytes: Uint8Array) => chunks.push(bytes.slice());
  const rewriter = new RecordingRewriter(write, { anonymizer: new Anonymizer() });
  rewriter.addCapture(original);
  const copy = concat(...chunks);
  const contains = (bytes: Uint8Array, text: string) =>
    new TextDecoder("latin1").decode(bytes).includes(text);
  for (const name of ["front", "back1"]) {
    assert.deepEqual([contains(original, name), contains(copy, name)], [true, false], name);
  }
  const groups = [Uint8Array.of(224, 0, 0, 99), Uint8Array.of(0xff, 2, ...Array(13).fill(0), 0x99)];
  assert.equal(containedAddresses(original, groups).length, 2);
  const addresses = identifyingAddresses(original);
  assert.deepEqual(containedAddresses(copy, addresses, longFormsOf), []);
});

const testWithTshark = phase("hard_cases.sh", { ignore: cannotFind({ tshark: "tshark" }) });

testWithTshark("tshark opens an anonymized recording without warnings", async (files) => {
  await withTempDir(async (dir) => {
    const file = join(dir, "anonymous.pcap");
    await Deno.writeFile(file, files["anonymous.pcap"]!);
    const out = await outputOf(["tshark", "-V", "-r", file]);
    assert.match(out, /Family Name: IPVS|netlink/i);
    assert.doesNotMatch(out, /malformed|cut short|corrupt/i);
  });
});
