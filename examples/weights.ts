/**
 * Prints the weights in a capture as CSV, to compare a director with what it should be.
 *
 *     deno run --allow-read examples/weights.ts FILE
 */
import { CaptureError, replay } from "../mod.ts";

const [file = "testdata/demo/capture.pcap"] = Deno.args;
try {
  console.log("virtual server,real server,weight");
  for (const virtual of replay(Deno.readFileSync(file)).virtualServers) {
    for (const real of virtual.realServers) {
      console.log([virtual.key, real.key, real.weight].join(","));
    }
  }
} catch (error) {
  if (!(error instanceof CaptureError)) throw error;
  console.error(`${file}: ${error.message}`);
  Deno.exit(1);
}
