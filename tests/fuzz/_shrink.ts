/** Shrinks a failing capture as long as it fails in the same way. */
import { type Capture, type Frame, PLAIN } from "./_capture.ts";
import { attributeLists, cloneMessage, type Message } from "./_messages.ts";

/** Whether a capture still fails. */
export type Fails = (capture: Capture) => boolean;

/** Maximum number of candidates to try. */
const MAX_TRIALS = 2000;

/** Returns the smallest capture found that still fails. */
export function shrink(capture: Capture, fails: Fails): Capture {
  let best = capture;
  let trials = 0;
  const tryOne = (candidate: Capture): boolean => {
    if (trials++ >= MAX_TRIALS || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  tryOne({ ...best, format: PLAIN });
  for (let size = -1; size !== sizeOf(best);) {
    size = sizeOf(best);
    removeEach(best.edits, (edits) => tryOne({ ...best, edits }));
    removeEach(best.frames, (frames) => tryOne({ ...best, frames }));
    shrinkFrames(() => best, tryOne);
    if (trials >= MAX_TRIALS) break;
  }
  return best;
}

function sizeOf({ frames, edits }: Capture): number {
  const trees = frames.map(({ messages }) =>
    messages instanceof Uint8Array
      ? messages.length
      : messages.length + attributeLists(messages).flat().length
  );
  return edits.length + frames.length + trees.reduce((sum, size) => sum + size, 0);
}

/** Removes halves, then quarters, and so on down to single elements, while `accepts` allows it. */
function removeEach<T>(list: readonly T[], accepts: (rest: T[]) => boolean): void {
  let kept = [...list];
  for (let size = kept.length >> 1 || kept.length; size >= 1; size >>= 1) {
    for (let at = 0; at < kept.length;) {
      const rest = kept.toSpliced(at, size);
      if (accepts(rest)) kept = rest;
      else at += size;
    }
  }
}

function shrinkFrames(best: () => Capture, tryOne: (candidate: Capture) => boolean): void {
  for (let i = 0; i < best().frames.length; i++) {
    const messagesOf = () => best().frames[i]!.messages;
    const put = (messages: Frame["messages"]) => {
      const { frames } = best();
      return tryOne({ ...best(), frames: frames.with(i, { ...frames[i]!, messages }) });
    };
    const own = messagesOf();
    if (own instanceof Uint8Array) continue;
    removeEach(own, put);
    shrinkAttributes(messagesOf as () => Message[], put);
  }
}

/** Removes attributes one by one; a list is identified by its index among all lists. */
function shrinkAttributes(messages: () => Message[], put: (messages: Message[]) => boolean): void {
  for (let list = 0; list < attributeLists(messages()).length; list++) {
    for (let at = 0; at < (attributeLists(messages())[list]?.length ?? 0);) {
      const copy = messages().map(cloneMessage);
      attributeLists(copy)[list]!.splice(at, 1);
      if (!put(copy)) at++;
    }
  }
}
