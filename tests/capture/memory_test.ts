/** Checks that the memory for opening a capture is proportional to its size, in the worst cases. */
import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { outputOf } from "../_commands.ts";
import { pcap } from "./_file_writers.ts";
import { ask, concat, control, familyReply } from "./_monitor.ts";

const MEGABYTE = 2 ** 20;
const SIZE = 2 * MEGABYTE;
/** Heap size without a capture, in MB; the file itself is not in the heap. */
const BASE = 16;
/** Maximum heap size per size of the capture; typical captures need less than their own size. */
const MAX_RATIO = 12;

/** Repeats a message, with a different sequence number each time. */
function repeat(message: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(count * message.length);
  for (let sequence = 0; sequence < count; sequence++) {
    bytes.set(message, sequence * message.length);
    new DataView(bytes.buffer).setUint32(sequence * message.length + 8, sequence, true);
  }
  return bytes;
}

/** The packets of a pcap file, each with one message of `length` bytes. */
function packetsIn(messages: Uint8Array, length: number): Uint8Array {
  const frames = Array.from(
    { length: messages.length / length },
    (_, i) => messages.subarray(i * length, (i + 1) * length),
  );
  const file = new Uint8Array(frames.length * (32 + length));
  frames.forEach((bytes, i) => {
    const frame = pcap([{ time: 0n, protocol: 16, bytes }]).subarray(24);
    file.set(frame, i * frame.length);
  });
  return file;
}

const FAMILY = pcap([{ time: 0n, protocol: 16, bytes: familyReply({ port: 77 }) }]);

/** A capture with one message per packet: many requests, followed by many replies. */
function onePerPacket(request: Uint8Array, reply: Uint8Array = new Uint8Array(0)): Uint8Array {
  const period = [request, reply].reduce((sum, { length }) => sum + 32 + length, 0);
  const count = Math.floor(SIZE / period);
  const parts = [request, reply].filter(({ length }) => length > 0)
    .map((message) => packetsIn(repeat(message, count), message.length));
  return concat(FAMILY, ...parts);
}

/** The same messages in two packets. */
function twoPackets(request: Uint8Array, reply: Uint8Array): Uint8Array {
  const count = Math.floor(SIZE / (request.length + reply.length));
  const packets = [familyReply({ port: 77 }), repeat(request, count), repeat(reply, count)];
  return pcap(packets.map((bytes) => ({ time: 0n, protocol: 16, bytes })));
}

const AT = { port: 5 };
const DONE = control(3, 0, AT);
const CAPTURES: Readonly<Record<string, () => Uint8Array>> = {
  "unanswered requests": () => onePerPacket(ask.info()),
  "lists of an empty table": () => onePerPacket(ask.services(AT), DONE),
  "real servers without a list of virtual servers": () =>
    onePerPacket(ask.destinations({ mark: 1 }, AT), DONE),
  "many requests in one packet": () => twoPackets(ask.info(AT), DONE),
  "many lists in one packet": () => twoPackets(ask.services(AT), DONE),
};

/** Runs in a separate process: opens the capture on standard input. */
async function main(): Promise<void> {
  const file = new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer());
  console.log(openRecording(file).rounds.length);
}

if (Deno.args[0] === "open") await main();
else {
  for (const [what, make] of Object.entries(CAPTURES)) {
    Deno.test(`openRecording() needs at most ${MAX_RATIO} times the size of a capture for ${what}`, async () => {
      const file = make();
      const limit = BASE + MAX_RATIO * Math.ceil(file.length / MEGABYTE);
      const path = await Deno.makeTempFile();
      try {
        await Deno.writeFile(path, file);
        const flags = `--v8-flags=--max-heap-size=${limit}`;
        const command = [
          Deno.execPath(),
          "run",
          "--quiet",
          "--no-check",
          flags,
          import.meta.filename!,
        ];
        const script = `"$@" open < ${path}`;
        assert.match(await outputOf(["sh", "-c", script, "sh", ...command]), /^\d+\n$/);
      } finally {
        await Deno.remove(path);
      }
    });
  }
}
