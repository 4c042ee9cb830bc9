import assert from "node:assert/strict";
import { ClosedPipeError, sinkTo, WriteError } from "../../lib/commands/output.ts";

/** Accepts two bytes at a time; before each write it throws the next of the errors, if any. */
function writable(...errors: readonly (Error | undefined)[]) {
  const left = [...errors];
  const taken: number[] = [];
  return {
    taken,
    writeSync(bytes: Uint8Array): number {
      const error = left.shift();
      if (error !== undefined) throw error;
      taken.push(...bytes.subarray(0, 2));
      return Math.min(2, bytes.length);
    },
  };
}

const BYTES = Uint8Array.of(1, 2, 3, 4, 5);

Deno.test("sinkTo() writes everything, even if each write accepts little", () => {
  const to = writable();
  sinkTo(to, "x")(BYTES);
  assert.deepEqual(to.taken, [...BYTES]);
});

for (
  const [name, error] of Object.entries({
    "was interrupted by a signal": new Deno.errors.Interrupted("Interrupted system call"),
    "found a non-blocking pipe full": new Deno.errors.WouldBlock(
      "Resource temporarily unavailable",
    ),
  })
) {
  Deno.test(`sinkTo() repeats a write that ${name}`, () => {
    const to = writable(error, undefined, error, error);
    sinkTo(to, "x")(BYTES);
    assert.deepEqual(to.taken, [...BYTES]);
  });
}

Deno.test("sinkTo() distinguishes a closed pipe from a failed write", () => {
  const closed = writable(new Deno.errors.BrokenPipe("Broken pipe (os error 32)"));
  assert.throws(() => sinkTo(closed, "x")(BYTES), ClosedPipeError);
  const failed = writable(new Error("Input/output error (os error 5)"));
  assert.throws(() => sinkTo(failed, "x")(BYTES), (error) => {
    assert.ok(error instanceof WriteError);
    assert.equal(error.message, "Cannot write x: input/output error");
    return true;
  });
});
