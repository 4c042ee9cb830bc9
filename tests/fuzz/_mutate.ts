/** Random mutations of a capture: of frames, of /proc files, and of the file. */
import { concat } from "../capture/_monitor.ts";
import {
  type Capture,
  type Format,
  type Frame,
  ownFrameType,
  textStart,
  writeBlock,
} from "./_capture.ts";
import { type Change, changeTree, duplicateServer } from "./_mutate_messages.ts";
import { cloneMessage, writeMessages } from "./_messages.ts";
import type { Random } from "./_random.ts";

/** Maximum number of frames after repetitions. */
const MAX_FRAMES = 600;

/** Mutates a capture and its format at random, in part with frames of other captures. */
export function mutate(base: Capture, random: Random, others: readonly Capture[]): Capture {
  const capture: Capture = {
    frames: base.frames.map((frame) => ({ ...frame })),
    format: randomFormat(random),
    edits: [],
    repair: !random.oneIn(20),
  };
  const other = random.pick(others);
  for (let changes = random.below(6); changes > 0; changes--) {
    if (capture.frames.length === 0) break;
    const change = random.oneIn(3) ? random.pick(FRAME_CHANGES) : changeTree;
    change(capture, random, other);
  }
  if (random.oneIn(12)) editFile(capture, random);
  return capture;
}

function randomFormat(random: Random): Format {
  const littleEndian = !random.oneIn(4);
  const kind = random.oneIn(2) ? "pcap" : "pcapng";
  if (kind === "pcap") {
    return { kind, littleEndian, resolution: random.pick([6, 9]), offset: undefined, blocks: [] };
  }
  const isOdd = random.oneIn(10);
  const odd = [0, 3, 10, 19, 0x80, 0x80 | 20, 0x80 | 63, 0xff, 127];
  const offsets = [0n, 1n, -1n, 2_000_000_000n, -2_000_000_000n, 2n ** 62n, -(2n ** 63n)];
  const blocks = Array.from({ length: random.oneIn(3) ? random.below(8) : 0 }, () => {
    const type = random.pick(random.oneIn(20) ? [1, 2, 3, 6] : [4, 5, 10, 0x8000_0001]);
    return writeBlock(type, random.bytes(4 * random.below(8)), littleEndian);
  });
  const resolution = isOdd ? random.pick(odd) : random.pick([undefined, 6, 9]);
  return {
    kind,
    littleEndian,
    resolution,
    offset: isOdd ? random.pick(offsets) : undefined,
    blocks,
  };
}

function editFile({ edits }: Capture, random: Random): void {
  const at = random.oneIn(3) ? random.below(64) : random.bits();
  switch (random.below(3)) {
    case 0:
      edits.push({ kind: "cut", at });
      break;
    case 1:
      edits.push({ kind: "insert", at, bytes: random.bytes(1 + random.below(16)) });
      break;
    default:
      for (let i = random.below(4); i >= 0; i--) {
        edits.push({ kind: "flip", at: random.bits(), bit: random.below(8) });
      }
  }
}

const FRAME_CHANGES: readonly Change[] = [
  function remove({ frames }, random) {
    frames.splice(random.below(frames.length), 1);
  },
  function repeat({ frames }, random) {
    const at = random.below(frames.length);
    frames.splice(at, 0, { ...frames[at]! });
  },
  function swap({ frames }, random) {
    const [i, j] = [random.below(frames.length), random.below(frames.length)];
    [frames[i], frames[j]] = [frames[j]!, frames[i]!];
  },
  function splice({ frames }, random, other) {
    if (other.frames.length === 0) return;
    const start = random.below(other.frames.length);
    const some = other.frames.slice(start, start + 1 + random.below(4));
    frames.splice(random.below(frames.length + 1), 0, ...some.map((frame) => ({ ...frame })));
  },
  function repeatMany({ frames }, random) {
    const start = random.below(frames.length);
    const some = frames.slice(start, start + 1 + random.below(8));
    for (let times = random.below(24); times > 0 && frames.length < MAX_FRAMES; times--) {
      frames.splice(start, 0, ...some.map((frame) => ({ ...frame })));
    }
  },
  function merge({ frames }, random) {
    const at = random.below(frames.length);
    mergeFrames(frames, at, 1 + random.below(4));
  },
  function mergeReplies(capture, random) {
    // One packet with the replies to all requests, which may have been repeated.
    if (random.oneIn(2)) capture.frames = repeatExchanges(capture.frames, 1 + random.below(16));
    const isReply = ({ direction, protocol }: Frame) => direction === 6 && protocol === 16;
    const replies = capture.frames.filter(isReply);
    if (replies.length < 2) return;
    const at = capture.frames.findLastIndex(isReply);
    const rest = capture.frames.filter((frame, i) => !isReply(frame) || i === at);
    mergeFrames(replies, 0, replies.length - 1);
    rest[rest.indexOf(capture.frames[at]!)] = replies[0]!;
    capture.frames = rest;
  },
  function split({ frames }, random) {
    const at = random.below(frames.length);
    const { messages } = frames[at]!;
    if (messages instanceof Uint8Array || messages.length < 2) return;
    const end = 1 + random.below(messages.length - 1);
    const parts = [messages.slice(0, end), messages.slice(end)];
    frames.splice(at, 1, ...parts.map((part) => ({ ...frames[at]!, messages: part })));
  },
  function retime({ frames }, random) {
    const frame = random.pick(frames);
    frame.time = random.pick([0n, 1n, 2n ** 32n * 1_000_000_000n - 1n, BigInt(random.bits())]);
  },
  function relabel({ frames }, random) {
    const frame = random.pick(frames);
    if (random.oneIn(2)) frame.protocol = random.pick([0, 2, 16, 17]);
    else frame.direction = random.pick([0, 4, 6, 7]);
  },
  function cut({ frames }, random) {
    random.pick(frames).cut = random.below(64);
  },
  function swapByteOrder({ frames }, random) {
    const frame = random.pick(frames);
    frame.littleEndian = !frame.littleEndian;
  },
  ...[changeText, changeText, changeText, changeText],
  changeOwnFrame,
  changeTime,
  ...[duplicateServer, duplicateServer, duplicateServer],
];

/** Repeats all requests and replies with other sequence numbers. */
function repeatExchanges(frames: readonly Frame[], times: number): Frame[] {
  const some = Math.max(1, Math.min(times, Math.floor(MAX_FRAMES / frames.length)));
  return Array.from({ length: some }, (_, time) =>
    frames.map((frame) => {
      const { messages } = frame;
      if (messages instanceof Uint8Array) return { ...frame };
      const own = messages.map((message) => ({
        ...cloneMessage(message),
        sequence: message.sequence + 10_000 * time,
      }));
      return { ...frame, messages: own };
    })).flat();
}

function mergeFrames(frames: Frame[], at: number, more: number): void {
  const some = frames.slice(at, at + 1 + more);
  const [first] = some;
  const isTree = some.every(({ messages }) => !(messages instanceof Uint8Array));
  if (first === undefined || !isTree) return;
  const { littleEndian } = first;
  const isAlike = some.every((frame) => frame.littleEndian === littleEndian);
  const messages = isAlike
    ? some.flatMap(({ messages }) => (messages as Exclude<Frame["messages"], Uint8Array>))
    : concat(
      ...some.map((frame) =>
        writeMessages(frame.messages as Exclude<Frame["messages"], Uint8Array>, frame.littleEndian)
      ),
    );
  const merged = messages instanceof Uint8Array ? messages : messages.map(cloneMessage);
  frames.splice(at, some.length, { ...first, messages: merged });
}

const WORDS = [
  "0",
  "1",
  "FF",
  "1F",
  "FFFFFFFFFFFFFFFF",
  "8000000000000000",
  "~",
  "-1",
  "-0",
  "4294967296",
  "x",
  "A\x1b",
];

/** Changes a line or a word of a /proc file. */
function changeText({ frames }: Capture, random: Random): void {
  const texts = frames.filter((frame) => ownFrameType(frame) === "text");
  if (texts.length === 0) return;
  const frame = random.pick(texts);
  const bytes = frame.messages as Uint8Array;
  const start = textStart(bytes);
  const lines = new TextDecoder("latin1").decode(bytes.subarray(start)).split("\n");
  const at = random.below(lines.length);
  const line = lines[at]!;
  switch (random.below(5)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(at, 0, line);
      break;
    case 2:
      lines.splice(at, 0, random.pick(lines));
      break;
    default: {
      const words = line.split(/(\s+)/);
      // Every second part is the space between two words.
      words[2 * random.below((words.length + 1) >> 1)] = random.pick(WORDS);
      lines[at] = words.join("");
    }
  }
  const text = Uint8Array.from(lines.join("\n"), (char) => char.charCodeAt(0));
  frame.messages = withLength(concat(bytes.subarray(0, start), text));
}

/** Changes a byte of one of ipvstat's own frames. */
function changeOwnFrame({ frames }: Capture, random: Random): void {
  const own = frames.filter(({ messages }) => messages instanceof Uint8Array);
  if (own.length === 0) return;
  const frame = random.pick(own);
  const bytes = (frame.messages as Uint8Array).slice();
  if (bytes.length === 0) return;
  bytes[random.below(Math.min(bytes.length, 64))] = random.pick([0, 1, 0x7f, 0x80, 0xff]);
  frame.messages = random.oneIn(2) ? withLength(bytes) : bytes;
}

/** Changes a byte of a snapshot's time. */
function changeTime({ frames }: Capture, random: Random): void {
  const begins = frames.filter((frame) => ownFrameType(frame) === "begin");
  if (begins.length === 0) return;
  const frame = random.pick(begins);
  const bytes = (frame.messages as Uint8Array).slice();
  bytes[bytes.length - 1 - random.below(8)] = random.pick([0, 0x7f, 0x80, 0xff]);
  frame.messages = bytes;
}

function withLength(bytes: Uint8Array): Uint8Array {
  if (bytes.length >= 4) new DataView(bytes.buffer).setUint32(0, bytes.length, true);
  return bytes;
}
