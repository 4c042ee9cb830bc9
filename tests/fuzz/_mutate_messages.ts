/** Random mutations of messages and attributes. */
import type { Capture, Frame } from "./_capture.ts";
import {
  type Attribute,
  attributeLists,
  cloneAttribute,
  cloneMessage,
  type Message,
} from "./_messages.ts";
import type { Random } from "./_random.ts";
import { TEXTS } from "./_seeds.ts";

/** Mutates a capture, possibly with parts of another one. */
export type Change = (capture: Capture, random: Random, other: Capture) => void;

const DONE = 3, ERROR = 2;
/** The direction of a frame from the kernel. */
const FROM_KERNEL = 6;
const TYPES = [0, 1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 15, 60, 0x3fff];
const HEADER_WORDS = [0, 1, 2, 3, 16, 17, 28, 255, 0x301, 0x7fff_ffff, 0xffff_ffff];
const ERRORS = [0, -1, -2, -3, -4, -13, -16, -95, -105, -200, 1, 0x7fff_ffff];
const VALUES = [0, 1, 2, 3, 6, 7, 10, 17, 80, 128, 255, 256, 65_535, 0x7fff_ffff, 0xffff_ffff];

/** Replaces the messages of a frame by a copy that can be changed, and returns it. */
function editMessages(frame: Frame): Message[] {
  const { messages } = frame;
  if (messages instanceof Uint8Array) return [];
  const own = messages.map(cloneMessage);
  frame.messages = own;
  return own;
}

/** Mutates a message or an attribute. */
export function changeTree(capture: Capture, random: Random, other: Capture): void {
  const trees = capture.frames.filter(({ messages }) => !(messages instanceof Uint8Array));
  if (trees.length === 0) return;
  if (random.oneIn(3)) return replaceValue(capture, trees, random);
  const replies = trees.filter(({ direction }) => direction === FROM_KERNEL);
  const frame = random.pick(replies.length > 0 && !random.oneIn(3) ? replies : trees);
  const messages = editMessages(frame);
  if (messages.length === 0) return;
  if (random.oneIn(3)) random.pick(MESSAGE_CHANGES)(messages, random, other);
  else {
    const lists = attributeLists(messages).filter((list) => list.length > 0);
    if (lists.length === 0) return;
    random.pick(ATTRIBUTE_CHANGES)(random.pick(lists), random, other);
  }
}

/** Replaces a value everywhere, so that requests still match the servers. */
function replaceValue(capture: Capture, trees: readonly Frame[], random: Random): void {
  const leaves = leavesOf((random.pick(trees).messages) as Message[]);
  if (leaves.length === 0) return;
  const { type, payload } = random.pick(leaves);
  const before = payload as Uint8Array;
  const after = newPayload(before, random);
  for (const frame of capture.frames) {
    if (frame.messages instanceof Uint8Array) continue;
    const hasValue = (leaf: Attribute) => leaf.type === type && isSame(leaf.payload, before);
    if (!leavesOf(frame.messages).some(hasValue)) continue;
    for (const leaf of leavesOf(editMessages(frame))) if (hasValue(leaf)) leaf.payload = after;
  }
}

function leavesOf(messages: readonly Message[]): Attribute[] {
  return attributeLists(messages).flat().filter(({ payload }) => payload instanceof Uint8Array);
}

function isSame(payload: Attribute["payload"], bytes: Uint8Array): boolean {
  return payload instanceof Uint8Array && payload.length === bytes.length &&
    payload.every((byte, i) => byte === bytes[i]);
}

/** Creates another payload, usually of the same width. */
function newPayload(payload: Uint8Array, random: Random): Uint8Array {
  const bytes = payload.slice();
  switch (random.below(6)) {
    case 0:
      return new TextEncoder().encode(`${random.pick(TEXTS)}\0`).slice(0, 16);
    case 1:
      return random.bytes(random.oneIn(3) ? random.below(20) : bytes.length);
    case 2:
      if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      return bytes;
    case 3:
      // The bytes after an IPv4 address.
      if (bytes.length === 16) bytes.set(random.bytes(12), 4);
      return bytes;
    default: {
      const value = random.pick(VALUES);
      bytes.fill(0);
      const isLittle = random.oneIn(2);
      for (let i = 0; i < Math.min(4, bytes.length); i++) {
        bytes[isLittle ? i : bytes.length - 1 - i] = value >>> (8 * i);
      }
      return bytes;
    }
  }
}

type ListChange<T> = (list: T[], random: Random, other: Capture) => void;

function changesOfLists<T>(clone: (each: T) => T): ListChange<T>[] {
  return [
    function remove(list, random) {
      list.splice(random.below(list.length), 1);
    },
    function repeat(list, random) {
      const at = random.below(list.length);
      list.splice(at, 0, clone(list[at]!));
    },
    function swap(list, random) {
      const [i, j] = [random.below(list.length), random.below(list.length)];
      [list[i], list[j]] = [list[j]!, list[i]!];
    },
  ];
}

const ATTRIBUTE_CHANGES: readonly ListChange<Attribute>[] = [
  ...changesOfLists(cloneAttribute),
  function revalue(list, random) {
    const leaf = random.pick(list);
    if (leaf.payload instanceof Uint8Array) leaf.payload = newPayload(leaf.payload, random);
  },
  function revalueAgain(list, random) {
    const leaf = random.pick(list);
    if (leaf.payload instanceof Uint8Array) leaf.payload = newPayload(leaf.payload, random);
  },
  function retype(list, random) {
    const attribute = random.pick(list);
    attribute.type = random.oneIn(4) ? attribute.type ^ 0x8000 : random.pick(TYPES);
  },
  function insert(list, random) {
    const payload = random.bytes(random.pick([0, 1, 2, 4, 8, 16, random.below(64)]));
    const type = random.pick(TYPES);
    list.splice(random.below(list.length + 1), 0, { type, payload, excess: 0 });
  },
  function splice(list, random, other) {
    const trees = other.frames.flatMap(({ messages }) =>
      messages instanceof Uint8Array ? [] : messages
    );
    const attributes = attributeLists(trees).flat();
    if (attributes.length === 0) return;
    const attribute = cloneAttribute(random.pick(attributes));
    list.splice(random.below(list.length + 1), random.below(2), attribute);
  },
  function lie(list, random) {
    random.pick(list).excess = random.pick([-4, -1, 1, 4, 0x7fff]);
  },
];

const NEW_SERVICE = 1, GET_DEST = 8;

/**
 * Adds an altered copy of a virtual server to every list, and repeats every request for real
 * servers, so that it has replies even if both virtual servers have the same identity.
 */
export function duplicateServer(capture: Capture, random: Random): void {
  const { frames } = capture;
  const lists = frames.filter(({ direction, messages }) =>
    direction === FROM_KERNEL && !(messages instanceof Uint8Array) &&
    messages.some(({ type, head }) => type > 16 && head[0] === NEW_SERVICE)
  );
  if (lists.length === 0) return;
  const chosen = random.pick(lists);
  const again = repeatAltered(editMessages(chosen), random);
  for (const frame of lists) {
    if (frame === chosen || random.oneIn(8)) continue;
    const messages = editMessages(frame);
    const { sequence, portId } = messages[0]!;
    messages.splice(random.below(messages.length), 0, {
      ...cloneMessage(again),
      sequence,
      portId,
    });
  }
  const isRequest = ({ direction }: Frame) => direction !== FROM_KERNEL;
  for (let start = 0; start < frames.length;) {
    const next = frames.findIndex((frame, i) => i > start && isRequest(frame));
    const end = next < 0 ? frames.length : next;
    const own = frames[start]!.messages;
    const isGetDest = !(own instanceof Uint8Array) && own[0]?.head[0] === GET_DEST &&
      isRequest(frames[start]!);
    const copies = isGetDest ? frames.slice(start, end).map((frame) => ({ ...frame })) : [];
    frames.splice(end, 0, ...copies);
    start = end + copies.length;
  }
}

/** Inserts an altered copy of a message after or before it, and returns the copy. */
function repeatAltered(list: Message[], random: Random): Message {
  const at = random.below(list.length);
  const again = cloneMessage(list[at]!);
  list.splice(at + random.below(2), 0, again);
  const lists = attributeLists([again]).slice(1).filter(({ length }) => length > 0);
  if (lists.length === 0) return again;
  const attributes = random.oneIn(3) ? random.pick(lists) : lists[0]!;
  if (random.oneIn(2)) {
    const leaf = random.pick(attributes);
    if (leaf.payload instanceof Uint8Array) leaf.payload = newPayload(leaf.payload, random);
    return again;
  }
  const [type, width] = random.pick([[2, 2], [3, 16], [4, 2], [5, 4], [9, 4]] as const);
  attributes.push({ type, payload: random.bytes(width), excess: 0 });
  return again;
}

const MESSAGE_CHANGES: readonly ListChange<Message>[] = [
  ...changesOfLists(cloneMessage),
  ...Array.from({ length: 4 }, () => (list: Message[], random: Random) => {
    repeatAltered(list, random);
  }),
  function reheader(list, random) {
    const message = random.pick(list);
    const name = random.pick(["type", "flags", "sequence", "portId"] as const);
    message[name] = random.pick(HEADER_WORDS) & (name === "type" || name === "flags" ? 0xffff : ~0);
  },
  function recommand(list, random) {
    const message = random.pick(list);
    const head = message.head.slice();
    if (head.length > 0) head[random.below(Math.min(2, head.length))] = random.below(20);
    message.head = head;
  },
  function control(list, random) {
    const near = random.pick(list);
    const head = new Uint8Array(4);
    new DataView(head.buffer).setInt32(0, random.pick(ERRORS), true);
    const type = random.pick([DONE, ERROR, 1, 4]);
    const message = {
      ...near,
      type,
      flags: random.pick([0, 2, 0x100, 0x200]),
      head,
      attributes: [],
    };
    list.splice(random.below(list.length + 1), random.below(2), message);
  },
  function replaceByError(list, random) {
    const head = new Uint8Array(20);
    new DataView(head.buffer).setInt32(0, random.pick(ERRORS), true);
    list.splice(0, list.length, { ...list[0]!, type: ERROR, flags: 0, head, attributes: [] });
  },
  function splice(list, random, other) {
    const trees = other.frames.flatMap(({ messages }) =>
      messages instanceof Uint8Array ? [] : messages
    );
    if (trees.length === 0) return;
    const { sequence, portId } = list[0]!;
    const message = { ...cloneMessage(random.pick(trees)), sequence, portId };
    list.splice(random.below(list.length + 1), random.below(2), message);
  },
  function multiply(list, random) {
    const message = random.pick(list);
    const many = Array.from({ length: random.below(40) }, () => cloneMessage(message));
    list.splice(random.below(list.length + 1), 0, ...many);
  },
  function lie(list, random) {
    random.pick(list).excess = random.pick([-4, -1, 1, 4, 0x7fff_fff0]);
  },
];
