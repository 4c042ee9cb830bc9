/**
 * The JSON Schema of servers that were read from /proc alone.
 *
 * @module
 */
import { REAL_SERVER_STATES } from "../ipvs/real_server.ts";
import { VIRTUAL_SERVER_STATES } from "../ipvs/virtual_server.ts";
import { knownMetrics } from "../metrics/known.ts";
import { type Label, REAL_LABELS, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { metricSchemas } from "./head_schema.ts";
import { labelSchemas, optionalNames } from "./label_schema.ts";
import { list, object, oneOfWords, type Schema } from "./schema_parts.ts";

/** Labels that the file never has, and those that it has for some servers only. */
const ABSENT = new Set(["sched_flags", "flags", "pe"]);
const PARTIAL = ["one_packet", "netmask", "state"];

/** The definitions of virtual and real servers. */
export function procSchemas(): Record<string, Schema> {
  const { virtual, real } = knownMetrics({ source: "proc" });
  const servers = list({ $ref: "#/$defs/proc_real_server" }, "By family, address and port.");
  const virtualLabels = present(VIRTUAL_LABELS), realLabels = present(REAL_LABELS);
  return {
    proc_virtual_server: object({
      ...labelSchemas(virtualLabels, VIRTUAL_SERVER_STATES),
      address_family: oneOfWords(["inet", "inet6", null], "Null for some firewall marks."),
      ...metricSchemas(virtual),
      real_servers: servers,
    }, [...optionalNames(virtualLabels), ...PARTIAL]),
    proc_real_server: object({
      ...labelSchemas(realLabels, REAL_SERVER_STATES),
      ...metricSchemas(real),
    }, [...optionalNames(realLabels), "state"]),
  };
}

function present<Server>(labels: readonly Label<Server>[]): Label<Server>[] {
  return labels.filter(({ name }) => !ABSENT.has(name));
}
