/** Opening a capture takes memory in proportion to its size, even where it is made to take most. */
import assert from "node:assert/strict";
import { openRecording } from "../../lib/capture/recording.ts";
import { outputOf } from "../_commands.ts";
import { pcap } from "./_file_writers.ts";
import { ask, concat, control, introduce } from "./_fixtures.ts";

const MEGABYTE = 2 ** 20;
const SIZE = 2 * MEGABYTE;
/** What the program takes without a capture, in megabytes of heap; the capture is not in the heap. */
const BASE = 16;
/** How many times its size a capture may take; one of a real kernel takes less than its size. */
const MOST_TIMES = 12;

/** A message over and over, each with a sequence number of its own. */
function many(message: Uint8Array, count: number): Uint8Array {
  const bytes = new Uint8Array(count * message.length);
  for (let sequence = 0; sequence < count; sequence++) {
    bytes.set(message, sequence * message.length);
    new DataView(bytes.buffer).setUint32(sequence * message.length + 8, sequence, true);
  }
  return bytes;
}

/** Parts of a pcap: each packet's messages as one packet of the file. */
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

const FAMILY = pcap([{ time: 0n, protocol: 16, bytes: introduce({ port: 77 }) }]);

/** Requests in packets of their own, and then their answers. */
function repeated(request: Uint8Array, answer: Uint8Array = new Uint8Array(0)): Uint8Array {
  const period = [request, answer].reduce((sum, { length }) => sum + 32 + length, 0);
  const count = Math.floor(SIZE / period);
  const parts = [request, answer].filter(({ length }) => length > 0)
    .map((message) => packetsIn(many(message, count), message.length));
  return concat(FAMILY, ...parts);
}

/** The same in two packets. */
function packed(request: Uint8Array, answer: Uint8Array): Uint8Array {
  const count = Math.floor(SIZE / (request.length + answer.length));
  const packets = [introduce({ port: 77 }), many(request, count), many(answer, count)];
  return pcap(packets.map((bytes) => ({ time: 0n, protocol: 16, bytes })));
}

const AT = { port: 5 };
const DONE = control(3, 0, AT);
const CAPTURES: Readonly<Record<string, () => Uint8Array>> = {
  "requests without an answer": () => repeated(ask.info()),
  "listings of an empty table": () => repeated(ask.services(AT), DONE),
  "real servers of no listing": () => repeated(ask.destinations({ mark: 1 }, AT), DONE),
  "many requests in one packet": () => packed(ask.info(AT), DONE),
  "many listings in one packet": () => packed(ask.services(AT), DONE),
};

/** What runs in a process of its own: opens the capture that is its standard input. */
async function main(): Promise<void> {
  const file = new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer());
  console.log(openRecording(file).rounds.length);
}

if (Deno.args[0] === "open") await main();
else {
  for (const [what, make] of Object.entries(CAPTURES)) {
    Deno.test(`openRecording() takes at most ${MOST_TIMES} times its size for ${what}`, async () => {
      const file = make();
      const limit = BASE + MOST_TIMES * Math.ceil(file.length / MEGABYTE);
      const path = await Deno.makeTempFile();
      try {
        await Deno.writeFile(path, file);
        const flags = `--v8-flags=--max-heap-size=${limit}`;
        const words = [
          Deno.execPath(),
          "run",
          "--quiet",
          "--no-check",
          flags,
          import.meta.filename!,
        ];
        const script = `"$@" open < ${path}`;
        assert.match(await outputOf(["sh", "-c", script, "sh", ...words]), /^\d+\n$/);
      } finally {
        await Deno.remove(path);
      }
    });
  }
}
