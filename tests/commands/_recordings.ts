/** Files for the tests of commands: recordings of several snapshots, made with a fake kernel. */
import { join } from "node:path";
import { Recorder } from "../../lib/capture/recorder.ts";
import { collect, type Source } from "../../lib/ipvs/collect.ts";
import { fakeKernel, type FakeService } from "../_fake_kernel.ts";
import { concat } from "../capture/_monitor.ts";

/** A snapshot to record. */
export interface Recorded {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly services?: readonly FakeService[];
  /** `interrupted`: only its beginning is recorded; `damaged`: it is complete, but has a bad file. */
  readonly kind?: "interrupted" | "damaged";
}

/** Records snapshots. */
export function recordingOf(snapshots: readonly Recorded[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const recorder = new Recorder((bytes) => chunks.push(bytes.slice()));
  for (const { kind, ...settings } of snapshots) {
    const kernel = fakeKernel({ ...settings, proc: { ip_vs_stats: "not a table" } });
    try {
      recorder.round(kernel, (source) => {
        if (kind === "interrupted") throw new Error("interrupted");
        if (kind === "damaged") source.readProc("ip_vs_stats");
        collect(withoutFiles(source));
      });
    } catch (error) {
      if (kind !== "interrupted") throw error;
    }
  }
  return concat(...chunks);
}

function withoutFiles(source: Source): Source {
  return { ...source, readProc: () => undefined };
}

/** A function that writes files below a directory, and returns the path of each. */
export function fileWriter(dir: string): (name: string, data: Uint8Array | string) => string {
  return (name, data) => {
    const path = join(dir, name);
    Deno.writeFileSync(path, typeof data === "string" ? new TextEncoder().encode(data) : data);
    return path;
  };
}
