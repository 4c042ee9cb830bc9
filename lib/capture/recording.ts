/**
 * Opens a capture and selects a snapshot to replay.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import { ENOENT } from "../netlink/errors.ts";
import { findMissingReplies, findServiceList } from "./completeness.ts";
import { CaptureError, RECORDED_WITHOUT_IPVS } from "./error.ts";
import { groupIntoSnapshots, processOf } from "./group_snapshots.ts";
import { readPackets } from "./packets.ts";
import { type RecordedRequest, RequestReader } from "./recorded_requests.ts";
import { readRecordedRounds, type RecordedRound } from "./recording_frames.ts";
import { ReplayTransport } from "./replay_transport.ts";

/** The arguments of {@linkcode Round}'s constructor. */
interface RoundInit {
  readonly time: bigint;
  readonly client: string;
  readonly requests: readonly RecordedRequest[];
  readonly incompleteReason: string | undefined;
  readonly texts?: ReadonlyMap<string, readonly Uint8Array[]>;
}

const NO_TEXTS: ReadonlyMap<string, readonly Uint8Array[]> = new Map();

/** A recorded snapshot: the requests of a client that read the table once, with the replies. */
export class Round {
  /** When the snapshot was started, in nanoseconds since 1970. */
  readonly time: bigint;
  /** The client that read the table: `ipvstat`, or a process such as `process 708`. */
  readonly client: string;
  /** Why the snapshot is incomplete; undefined if it is complete. */
  readonly incompleteReason: string | undefined;
  readonly #requests: readonly RecordedRequest[];
  readonly #texts: ReadonlyMap<string, readonly Uint8Array[]>;

  /** Use {@linkcode openRecording} instead. */
  constructor(init: RoundInit) {
    this.time = init.time;
    this.client = init.client;
    this.incompleteReason = init.incompleteReason;
    this.#requests = init.requests;
    this.#texts = init.texts ?? NO_TEXTS;
  }

  /** Whether it has a list of the virtual servers, and the real servers of each. */
  get complete(): boolean {
    return this.incompleteReason === undefined;
  }

  /** Starts a replay: a source with the recorded replies, whose time is that of the snapshot. */
  play(): Source {
    const exchange = findServiceList(this.#requests) ??
      this.#requests.find(({ kind }) => kind !== "family")?.exchange;
    return {
      transport: new ReplayTransport(this.#requests, exchange?.type ?? 0),
      now: () => this.time,
      readProc: (name) => this.#readProc(name),
    };
  }

  #readProc(name: string): string | undefined {
    const pieces = this.#texts.get(name);
    if (pieces === undefined) return undefined;
    const decoder = new TextDecoder();
    return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") +
      decoder.decode();
  }
}

/** The snapshots in a capture. */
export class Recording {
  /** In the order in which they were started. */
  readonly rounds: readonly Round[];
  readonly #isWithoutIpvs: boolean;

  /** Use {@linkcode openRecording} instead. */
  constructor(rounds: readonly Round[], isWithoutIpvs = false) {
    this.rounds = rounds;
    this.#isWithoutIpvs = isWithoutIpvs;
  }

  /**
   * Returns the snapshot with a number, counted from 1; by default the last complete one.
   *
   * @throws {CaptureError} if it does not exist or is incomplete.
   */
  selectRound(number?: number): Round {
    const count = this.rounds.length;
    if (count === 0) {
      const reason = this.#isWithoutIpvs ? `: ${RECORDED_WITHOUT_IPVS}` : "";
      throw new CaptureError(`it contains no list of virtual servers${reason}`);
    }
    return number === undefined ? this.#lastComplete() : this.#completeRound(number);
  }

  #lastComplete(): Round {
    const last = this.rounds.findLast((round) => round.complete);
    if (last !== undefined) return last;
    const count = this.rounds.length;
    const reason = this.rounds.at(-1)?.incompleteReason;
    throw new CaptureError(
      count === 1
        ? `its only snapshot is incomplete: ${reason}`
        : `all ${count} snapshots are incomplete; the last one: ${reason}`,
    );
  }

  #completeRound(number: number): Round {
    const round = this.rounds[number - 1];
    const count = this.rounds.length;
    if (round === undefined) {
      const total = count === 1 ? "1 snapshot" : `${count} snapshots`;
      throw new CaptureError(`it has no snapshot ${number}, only ${total}`);
    }
    if (round.complete) return round;
    throw new CaptureError(
      `snapshot ${number} of ${count} is incomplete: ${round.incompleteReason}`,
    );
  }
}

/**
 * Opens a capture: a recording of ipvstat, or any pcap or pcapng file from a netlink monitor device
 * with the traffic of a program that listed the table. The recording refers to `bytes`, which must
 * not change while it is in use.
 *
 * @throws {CaptureError} if the bytes are not a netlink capture, or are damaged.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openRecording } from "./recording.ts";
 *
 * const file = new URL("../../testdata/demo/capture.pcap", import.meta.url);
 * const { rounds } = openRecording(Deno.readFileSync(file));
 * assert.deepEqual(rounds.map(({ complete }) => complete), [true]);
 * assert.throws(() => openRecording(new Uint8Array(0)), { name: "CaptureError" });
 * ```
 */
export function openRecording(bytes: Uint8Array): Recording {
  const packets = readPackets(bytes);
  const reader = new RequestReader();
  const recorded = readRecordedRounds(packets);
  if (recorded !== undefined) {
    return new Recording(
      recorded.map((each) => toRound(each, each.isComplete ? reader.read(each.packets) : [])),
    );
  }
  const all = reader.read(packets);
  const rounds = groupIntoSnapshots(all).map((requests) => {
    const { packet, portId } = requests.find(({ kind }) => kind === "services")!.exchange;
    return new Round({
      time: packet.time,
      client: `process ${processOf(portId)}`,
      requests,
      incompleteReason: findMissingReplies(requests),
    });
  });
  const isWithoutIpvs = all.some(({ kind, exchange }) =>
    kind === "family" && exchange.errno === ENOENT
  );
  return new Recording(rounds, isWithoutIpvs);
}

/** The round of a recording with its requests. */
export function toRound(
  { time, texts, isComplete }: RecordedRound,
  requests: readonly RecordedRequest[],
): Round {
  const client = "ipvstat";
  const incompleteReason = isComplete
    ? findMissingReplies(requests)
    : "its recording was interrupted";
  return new Round({ time, client, requests, texts, incompleteReason });
}
