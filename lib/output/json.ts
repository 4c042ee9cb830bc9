/**
 * JSON: one document, with each server on a line of its own. `ipvstat schema` prints its schema.
 * Snapshots of network namespaces are the elements of its member `namespaces`. Numbers have their exact digits, so some are beyond 2^53.
 *
 * @module
 */
import type { Snapshot, Snapshots } from "../ipvs/snapshot.ts";
import { knownMetrics } from "../metrics/known.ts";
import { REAL_LABELS, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import { head, ServerWriter, stringify } from "./json_members.ts";
import { ShareWriter } from "./share_members.ts";

/** The version of the format, which increases with every incompatible change. */
export const JSON_FORMAT_VERSION = 1;

/**
 * Encodes a snapshot, or a list of them, which may be empty.
 *
 * @throws whatever the sink throws.
 */
export function encodeJson(snapshots: Snapshots, sink: Sink): void {
  const out = new ByteWriter(sink);
  out.text(`{"format":"ipvstat","version":${JSON_FORMAT_VERSION}`);
  if ("virtualServers" in snapshots) {
    out.raw(NEXT);
    encodeMembers(snapshots, out);
  } else {
    out.text(`,\n"namespaces":[`);
    snapshots.forEach((snapshot, i) => {
      out.text(i === 0 ? "\n{" : ",\n{");
      encodeMembers(snapshot, out);
      out.text("}");
    });
    out.text("]");
  }
  out.text("}\n");
  out.flush();
}

function encodeMembers(snapshot: Snapshot, out: ByteWriter): void {
  for (const [name, value] of Object.entries(head(snapshot))) {
    out.text(`${JSON.stringify(name)}:${stringify(value)},\n`);
  }
  out.text(`"virtual_servers":[`);
  const isMeasured = snapshot.measured !== undefined;
  const known = knownMetrics(snapshot);
  const virtualWriter = new ServerWriter(out, "{", VIRTUAL_LABELS, known.virtual, isMeasured);
  const realWriter = new ServerWriter(out, "{", REAL_LABELS, known.real, isMeasured);
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
      if (known.hasStates) shareWriter.write(virtual, real);
      out.raw(END);
      separator = NEXT;
    }
    out.raw(CLOSE);
    separator = NEXT;
  }
  out.text("]");
}

const OPEN = utf8("\n");
const NEXT = utf8(",\n");
const REAL_SERVERS = utf8(`,"real_servers":[`);
const CLOSE = utf8("]}");
const END = utf8("}");
