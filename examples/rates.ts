/**
 * Prints exact rates between two snapshots, which do not lag like the kernel's moving averages.
 *
 *     sudo deno run --allow-ffi --allow-read examples/rates.ts [SECONDS]
 */
import { openKernel, withPrevious } from "../mod.ts";

const interval = Number(Deno.args[0] ?? 1);
using kernel = openKernel();
const before = kernel.collect();
await new Promise((resolve) => setTimeout(resolve, 1000 * interval));
const after = kernel.collect();
const seconds = Number(after.time - before.time) / 1e9;

for (const [virtual, previous] of withPrevious(after.virtualServers, before.virtualServers)) {
  // A virtual server that is new, or whose counters were zeroed, has no rate yet.
  if (previous === undefined || virtual.connections < previous.connections) continue;
  const connections = Number(BigInt(virtual.connections) - BigInt(previous.connections));
  console.log(`${virtual.key}: ${(connections / seconds).toFixed(1)} conn/s`);
}
