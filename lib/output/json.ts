/**
 * JSON: one document, with each server on a line of its own. `ipvstat schema` prints its schema.
 * Numbers have their exact digits, so some are beyond 2^53.
 *
 * @module
 */
import type { Snapshot } from "../ipvs/snapshot.ts";
import { REAL_METRICS, VIRTUAL_METRICS } from "../metrics/catalogue.ts";
import { REAL_LABELS, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import { head, ServerWriter, stringify } from "./json_members.ts";
import { ShareWriter } from "./share_members.ts";

/** The version of the format, which increases with every incompatible change. */
export const JSON_FORMAT_VERSION = 1;

/**
 * Encodes a snapshot.
 *
 * @throws whatever the sink throws.
 */
export function encodeJson(snapshot: Snapshot, sink: Sink): void {
  const out = new ByteWriter(sink);
  out.text(`{"format":"ipvstat","version":${JSON_FORMAT_VERSION}`);
  for (const [name, value] of Object.entries(head(snapshot))) {
    out.text(`,\n${JSON.stringify(name)}:${stringify(value)}`);
  }
  out.text(`,\n"virtual_servers":[`);
  const isMeasured = snapshot.measured !== undefined;
  const virtualWriter = new ServerWriter(out, "{", VIRTUAL_LABELS, VIRTUAL_METRICS, isMeasured);
  const realWriter = new ServerWriter(out, "{", REAL_LABELS, REAL_METRICS, isMeasured);
  const shareWriter = new ShareWriter(out);
  let separator = OPEN;
  for (const virtual of snapshot.virtualServers) {
    out.raw(separator);
    virtualWriter.write(virtual);
    out.raw(REAL_SERVERS);
    separator = OPEN;
    for (const real of virtual.realServers) {
      out.raw(separator);
      realWriter.write(real);
      shareWriter.write(virtual, real);
      out.raw(END);
      separator = NEXT;
    }
    out.raw(CLOSE);
    separator = NEXT;
  }
  out.text("]}\n");
  out.flush();
}

const OPEN = utf8("\n");
const NEXT = utf8(",\n");
const REAL_SERVERS = utf8(`,"real_servers":[`);
const CLOSE = utf8("]}");
const END = utf8("}");
