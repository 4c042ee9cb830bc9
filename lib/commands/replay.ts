/**
 * A capture as a source: what `--replay` and `--demo` read.
 *
 * @module
 */
import { openRecording } from "../capture/recording.ts";
import type { Source } from "../ipvs/collect.ts";
import { withoutParents } from "./paths.ts";

/**
 * Opens a file as the source that it recorded.
 *
 * @throws {CaptureError} if it holds no such round, or is no capture.
 * @throws {Deno.errors.NotFound} and the like if it cannot be read.
 */
export function openReplay(file: string | URL, round?: number): Source {
  const path = typeof file === "string" ? withoutParents(file) : file;
  return openRecording(Deno.readFileSync(path)).selectRound(round).play();
}
