/**
 * Newline-delimited JSON: a line for the snapshot, one for each virtual server and one for each real
 * server, all with the time of the snapshot. Members and digits are those of the format json, so the
 * output of several snapshots can be concatenated.
 *
 * @module
 */
import type { RealServer } from "../ipvs/real_server.ts";
import type { Server } from "../ipvs/server.ts";
import { type Snapshot, snapshotList, type Snapshots } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { type KnownMetrics, knownMetrics } from "../metrics/known.ts";
import {
  type Label,
  REAL_IDENTITY,
  REAL_LABELS,
  VIRTUAL_IDENTITY,
  VIRTUAL_LABELS,
} from "../metrics/labels.ts";
import { ByteWriter, type Sink, utf8 } from "./byte_writer.ts";
import { head, ServerWriter, stringify } from "./json_members.ts";
import { ShareWriter } from "./share_members.ts";
import { isoTime } from "./time.ts";

/**
 * Encodes one snapshot after the other.
 *
 * @throws whatever the sink throws.
 */
export function encodeNdjson(snapshots: Snapshots, sink: Sink): void {
  for (const snapshot of snapshotList(snapshots)) {
    const lines = new NdjsonWriter(snapshot, sink);
    lines.writeSnapshot();
    lines.writeServers();
    lines.flush();
  }
}

const END = utf8("}\n");

/** Writes lines of one snapshot. */
export class NdjsonWriter {
  readonly #snapshot: Snapshot;
  readonly #out: ByteWriter;
  readonly #known: KnownMetrics;
  readonly #virtualStart: Uint8Array;
  readonly #realStart: Uint8Array;
  readonly #virtualWriter: ServerWriter<VirtualServer>;
  readonly #realWriter: ServerWriter<RealServer>;
  readonly #shareWriter: ShareWriter;
  /** The virtual server of the last real server, and its identity as members of real servers. */
  #owner: VirtualServer | undefined;
  #ownerBytes = new Uint8Array(0);

  /** Writes to `sink`. */
  constructor(snapshot: Snapshot, sink: Sink) {
    this.#snapshot = snapshot;
    const out = this.#out = new ByteWriter(sink);
    const { netns, time } = snapshot;
    const namespace = netns === undefined ? "" : `"netns":${stringify(netns)},`;
    const members = `${namespace}"time":"${isoTime(time)}","time_ns":${time}`;
    this.#virtualStart = utf8(`{"type":"virtual_server",${members}`);
    this.#realStart = utf8(`{"type":"real_server",${members}`);
    const isMeasured = snapshot.measured !== undefined;
    this.#known = knownMetrics(snapshot);
    const { virtual, real } = this.#known;
    this.#virtualWriter = new ServerWriter(out, ",", VIRTUAL_LABELS, virtual, isMeasured);
    this.#realWriter = new ServerWriter(out, ",", REAL_LABELS, real, isMeasured);
    this.#shareWriter = new ShareWriter(out);
  }

  /** Writes the line of the snapshot; `reading` says whether lines of all servers follow. */
  writeSnapshot(reading?: "whole" | "changes"): void {
    const members = Object.entries({
      type: "ipvs",
      ...head(this.#snapshot),
      ...(reading === undefined ? {} : { reading }),
    });
    const texts = members.map(([name, value]) => `${JSON.stringify(name)}:${stringify(value)}`);
    this.#out.text(`{${texts.join(",")}}\n`);
  }

  /** Writes the lines of all servers. */
  writeServers(): void {
    for (const virtual of this.#snapshot.virtualServers) {
      this.writeVirtual(virtual);
      for (const real of virtual.realServers) this.writeReal(virtual, real);
    }
  }

  /** Writes the line of a virtual server. */
  writeVirtual(virtual: VirtualServer): void {
    this.#out.raw(this.#virtualStart);
    this.#virtualWriter.write(virtual);
    this.#out.raw(END);
  }

  /** Writes the line of a real server of a virtual server. */
  writeReal(virtual: VirtualServer, real: RealServer): void {
    this.#startReal(virtual);
    this.#realWriter.write(real);
    if (this.#known.hasStates) this.#shareWriter.write(virtual, real);
    this.#out.raw(END);
  }

  /** Writes that a virtual server no longer exists. */
  writeRemovedVirtual(virtual: VirtualServer): void {
    this.#out.raw(this.#virtualStart);
    this.#out.text(`,"removed":true${membersOf(VIRTUAL_IDENTITY, virtual, "")}`);
    this.#out.raw(END);
  }

  /** Writes that a real server of a virtual server no longer exists. */
  writeRemovedReal(virtual: VirtualServer, real: RealServer): void {
    this.#startReal(virtual);
    this.#out.text(`,"removed":true${membersOf(REAL_IDENTITY, real, "")}`);
    this.#out.raw(END);
  }

  /** Writes what is buffered to the sink. */
  flush(): void {
    this.#out.flush();
  }

  #startReal(virtual: VirtualServer): void {
    if (virtual !== this.#owner) {
      this.#owner = virtual;
      this.#ownerBytes = utf8(membersOf(VIRTUAL_IDENTITY, virtual, "virtual_"));
    }
    this.#out.raw(this.#realStart);
    this.#out.raw(this.#ownerBytes);
  }
}

/** Labels as members of an object, each with a comma before it. */
function membersOf<S extends Server>(
  labels: readonly Label<S>[],
  server: S,
  prefix: string,
): string {
  return labels.map(({ name, read }) => {
    const value = read(server);
    return value === undefined ? "" : `,"${prefix}${name}":${stringify(value)}`;
  }).join("");
}
