/**
 * Enters a network namespace with the program's own code, returns, and prints the namespaces of all
 * threads before, within and after, also after an error, as JSON. The namespace is `/run/netns/red`.
 */
import { listFolder } from "../../../ffi/folder.ts";
import { NetworkNamespace, OWN_NAMESPACE } from "../../../ffi/namespaces.ts";
import { readLink, readProc } from "../../../ffi/proc_file.ts";

/** The namespace of each thread, and which of them is the calling one. */
function threads() {
  const names = listFolder("/proc/self/task");
  if (typeof names === "number") throw new Error(`errno ${names}`);
  const links = names.map((name) =>
    [Number(name), readLink(`/proc/self/task/${name}/ns/net`)] as const
  );
  return { own: readLink(OWN_NAMESPACE), links };
}

const abort = (message: string): never => {
  throw new Error(message);
};
using red = new NetworkNamespace({ label: "red", paths: ["/run/netns/red"] }, abort);
const before = threads();
const within = red.run(threads);
const table = red.run(() => readProc("ip_vs"));
const setting = red.run(() => readProc("sys/net/ipv4/vs/run_estimation"));
let error = "";
try {
  red.run(() => {
    throw new Error("a failure within");
  });
} catch (caught) {
  error = String(caught);
}
const ownSetting = readProc("sys/net/ipv4/vs/run_estimation");
console.log(JSON.stringify({
  ...{ pid: Deno.pid, before, within, table, setting, ownSetting, error },
  after: threads(),
}));
