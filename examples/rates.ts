/**
 * Prints exact rates between two snapshots, which do not lag like the kernel's moving averages.
 *
 *     sudo deno run --allow-ffi --allow-read examples/rates.ts [SECONDS]
 */
import { openKernel, withRates } from "../mod.ts";

const interval = Number(Deno.args[0] ?? 2);
using kernel = openKernel();
const before = kernel.collect();
await new Promise((resolve) => setTimeout(resolve, 1000 * interval));
const after = withRates(kernel.collect(), before);

for (const { key, measured } of after.virtualServers) {
  // A virtual server that is new, or whose counters were zeroed, has no rates yet.
  if (measured !== undefined) console.log(`${key}: ${measured.cps.toFixed(1)} conn/s`);
}
