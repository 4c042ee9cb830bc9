/**
 * Newline-delimited JSON of a stream that repeats only what changed. A whole snapshot is followed by
 * snapshots with the lines of new and changed servers, and a line with `"removed":true` for each
 * server that no longer exists.
 *
 * @module
 */
import type { Server } from "../ipvs/server.ts";
import { withPrevious } from "../ipvs/server_list.ts";
import { type Snapshot, snapshotList, type Snapshots } from "../ipvs/snapshot.ts";
import type { VirtualServer } from "../ipvs/virtual_server.ts";
import { MEASURED_METRICS, type MeasuredMetric, type Metric } from "../metrics/catalogue.ts";
import { type KnownMetrics, knownMetrics } from "../metrics/known.ts";
import { type Label, type LabelValue, REAL_LABELS, VIRTUAL_LABELS } from "../metrics/labels.ts";
import { SHARE_METRICS, Shares } from "../metrics/shares.ts";
import type { Sink } from "./byte_writer.ts";
import { NdjsonWriter } from "./ndjson.ts";

/** Encodes the readings of a stream, one after the other. It keeps the last one. */
export class ChangesEncoder {
  readonly #every: number;
  #count = 0;
  /** The snapshots of the last reading by network namespace. */
  #previous = new Map<string | undefined, Snapshot>();

  /** Of every `every` readings, the first one is encoded as a whole; at least 1. */
  constructor(every: number) {
    this.#every = every;
  }

  /**
   * Encodes the next reading. A network namespace that was not in the last one is encoded as a whole.
   *
   * @throws whatever the sink throws.
   */
  encode(snapshots: Snapshots, sink: Sink): void {
    const isWhole = this.#count++ % this.#every === 0;
    const before = this.#previous;
    this.#previous = new Map();
    for (const snapshot of snapshotList(snapshots)) {
      const previous = isWhole ? undefined : before.get(snapshot.netns);
      // Servers of another source have other values.
      const comparable = previous?.source === snapshot.source ? previous : undefined;
      encodeChanges(snapshot, comparable, sink);
      this.#previous.set(snapshot.netns, snapshot);
    }
  }
}

function encodeChanges(snapshot: Snapshot, previous: Snapshot | undefined, sink: Sink): void {
  const lines = new NdjsonWriter(snapshot, sink);
  if (previous === undefined) {
    lines.writeSnapshot("whole");
    lines.writeServers();
  } else {
    lines.writeSnapshot("changes");
    writeRemoved(lines, previous, snapshot);
    writeChanged(lines, previous, snapshot);
  }
  lines.flush();
}

function writeRemoved(lines: NdjsonWriter, previous: Snapshot, current: Snapshot): void {
  for (const [virtual, left] of withPrevious(previous.virtualServers, current.virtualServers)) {
    for (const [real, leftReal] of withPrevious(virtual.realServers, left?.realServers ?? [])) {
      if (leftReal === undefined) lines.writeRemovedReal(virtual, real);
    }
    if (left === undefined) lines.writeRemovedVirtual(virtual);
  }
}

function writeChanged(lines: NdjsonWriter, previous: Snapshot, current: Snapshot): void {
  const known = knownMetrics(current);
  for (const [virtual, before] of withPrevious(current.virtualServers, previous.virtualServers)) {
    if (hasChanged(virtual, before, VIRTUAL_LABELS, known.virtual)) lines.writeVirtual(virtual);
    if (before === undefined) {
      for (const real of virtual.realServers) lines.writeReal(virtual, real);
    } else writeChangedReals(lines, before, virtual, known);
  }
}

/** A share also changes with the traffic of the other real servers. */
function writeChangedReals(
  lines: NdjsonWriter,
  before: VirtualServer,
  now: VirtualServer,
  known: KnownMetrics,
): void {
  const [sharesBefore, shares] = known.hasStates ? [new Shares(before), new Shares(now)] : [];
  for (const [real, realBefore] of withPrevious(now.realServers, before.realServers)) {
    if (
      realBefore === undefined || hasChanged(real, realBefore, REAL_LABELS, known.real) ||
      (shares !== undefined && sharesBefore !== undefined &&
        SHARE_METRICS.some(({ read }) => read(shares, real) !== read(sharesBefore, realBefore)))
    ) lines.writeReal(now, real);
  }
}

/** Whether a server is new, or has another value than before. */
function hasChanged<S extends Server>(
  server: S,
  before: S | undefined,
  labels: readonly Label<S>[],
  metrics: readonly Metric<S>[],
): boolean {
  return before === undefined ||
    metrics.some(({ read }) => read(server) !== read(before)) ||
    MEASURED_METRICS.some(({ read }) => rate(read, server) !== rate(read, before)) ||
    labels.some(({ read }) => textOf(read(server)) !== textOf(read(before)));
}

function rate(read: MeasuredMetric["read"], { measured }: Server): number | undefined {
  return measured && read(measured);
}

/** A value that can be compared: a list as text. */
function textOf(value: LabelValue | undefined): string | number | boolean | undefined {
  return typeof value === "object" ? value.join("\n") : value;
}
