/**
 * The checksum of a recording: each step maps different sums to different sums, so that no single
 * altered word leaves it the same. Words of four bytes, because a short run reads a recording
 * before anything is compiled.
 *
 * @module
 */
import { viewOf } from "./frame.ts";

/** The prime and the offset basis of FNV-1a. */
const PRIME = 0x0100_0193;
const BASIS = 0x811c_9dc5;
/** Brings what a multiplication moved up, where nothing but it would be left, down again. */
const ROTATION = 15;

/** The checksum of nothing. */
export const EMPTY_CHECKSUM: number = BASIS;

/** Goes on with a checksum: of what it was of, and these bytes behind it. */
export function addToChecksum(checksum: number, bytes: Uint8Array): number {
  const view = viewOf(bytes);
  const whole = bytes.length & ~3;
  let sum = checksum;
  for (let at = 0; at < whole; at += 4) sum = step(sum, view.getInt32(at, true));
  for (let at = whole; at < bytes.length; at++) sum = step(sum, bytes[at]!);
  return sum >>> 0;
}

function step(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, PRIME);
  return (product << ROTATION) | (product >>> (32 - ROTATION));
}
