/**
 * Waits until every real server of weight 0 is drained: a step of a rolling update, after the weights
 * of some servers were set to 0.
 *
 *     sudo deno run --allow-ffi --allow-read examples/draining.ts [SECONDS]
 *
 * Prints what is left once a second. Ends with exit code 0 when nothing is left, 1 after SECONDS.
 */
import { openKernel } from "../mod.ts";

const deadline = Date.now() + 1000 * Number(Deno.args[0] ?? 60);
using kernel = openKernel();
for (;;) {
  let left = 0;
  for (const virtual of kernel.collect().virtualServers) {
    for (const real of virtual.realServers) {
      if (real.weight > 0 || real.state === "drained") continue;
      const { activeConnections, inactiveConnections, persistentConnections } = real;
      left += activeConnections + inactiveConnections + persistentConnections;
      console.log(`${virtual.key} -> ${real.key}: ${activeConnections} active connections`);
    }
  }
  if (left === 0) break;
  if (Date.now() > deadline) Deno.exit(1);
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
