import type { Snapshot } from "../ipvs/snapshot.ts";
import type { Sink } from "./byte_writer.ts";
/** TODO */
export function encodeTable(_s: Snapshot, _k: Sink, _o: { color: boolean }): void {}
