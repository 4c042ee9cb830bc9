/**
 * The checksum of a recording: FNV-1a over 32-bit words, with a rotation. Every step is a bijection
 * of the checksum, so changing a single word always changes the result. It reads words rather than
 * bytes for speed: a short run is over before V8 has compiled the loop.
 *
 * @module
 */
import { viewOf } from "./frame.ts";

/** The prime and the offset basis of 32-bit FNV-1a. */
const FNV_PRIME = 0x0100_0193;
const FNV_OFFSET_BASIS = 0x811c_9dc5;
/** Moves high bits down: a multiplication only moves bits up, and would lose a change in them. */
const ROTATION = 15;

/** The checksum of no bytes. */
export const INITIAL_CHECKSUM: number = FNV_OFFSET_BASIS;

/** Returns the checksum of all bytes so far and these, 0 to 2^32 - 1. */
export function updateChecksum(checksum: number, bytes: Uint8Array): number {
  const view = viewOf(bytes);
  const whole = bytes.length & ~3;
  let sum = checksum;
  for (let at = 0; at < whole; at += 4) sum = mix(sum, view.getInt32(at, true));
  for (let at = whole; at < bytes.length; at++) sum = mix(sum, bytes[at]!);
  return sum >>> 0;
}

function mix(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, FNV_PRIME);
  return (product << ROTATION) | (product >>> (32 - ROTATION));
}
