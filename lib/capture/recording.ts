/**
 * Opening a capture and choosing what to replay of it.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import { NETLINK_GENERIC } from "../netlink/uapi.ts";
import { ENOENT } from "../netlink/errors.ts";
import { CaptureError, WITHOUT_IPVS } from "./error.ts";
import { MOST_REQUESTS, pairExchanges } from "./exchanges.ts";
import { findFamily } from "./family.ts";
import { type MarkedRound, readMarkedRounds } from "./marks.ts";
import { type NetlinkPacket, readPackets } from "./packets.ts";
import { ReplayTransport } from "./replay.ts";
import { type Ask, findGap, listingOf, partRounds, processOf, readAsks } from "./rounds.ts";

/** What {@linkcode Round} is made from. */
interface RoundParts {
  readonly time: bigint;
  readonly client: string;
  readonly asks: readonly Ask[];
  readonly gap: string | undefined;
  readonly texts?: ReadonlyMap<string, readonly Uint8Array[]>;
}

const NO_TEXTS: ReadonlyMap<string, readonly Uint8Array[]> = new Map();

/** One client's listing of the table. */
export class Round {
  /** When it began, in nanoseconds since 1970. */
  readonly time: bigint;
  /** Who listed the table, such as `process 708`. */
  readonly client: string;
  /** What it lacks of being whole, in words; undefined if it is whole. */
  readonly gap: string | undefined;
  readonly #asks: readonly Ask[];
  readonly #texts: ReadonlyMap<string, readonly Uint8Array[]>;

  /** Only {@linkcode openRecording} makes rounds. */
  constructor(parts: RoundParts) {
    this.time = parts.time;
    this.client = parts.client;
    this.gap = parts.gap;
    this.#asks = parts.asks;
    this.#texts = parts.texts ?? NO_TEXTS;
  }

  /** Whether its services are all listed, and the destinations of each. */
  get whole(): boolean {
    return this.gap === undefined;
  }

  /** Begins a new replay of the round, at its first answers and in its own time. */
  play(): Source {
    const listing = listingOf(this.#asks) ??
      this.#asks.find(({ kind }) => kind !== "family")?.exchange;
    return {
      transport: new ReplayTransport(this.#asks, listing?.type ?? 0),
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

/** What a capture holds of IPVS. */
export class Recording {
  /** In the order in which they began. */
  readonly rounds: readonly Round[];
  readonly #isWithoutIpvs: boolean;

  /** Only {@linkcode openRecording} makes recordings. */
  constructor(rounds: readonly Round[], isWithoutIpvs = false) {
    this.rounds = rounds;
    this.#isWithoutIpvs = isWithoutIpvs;
  }

  /**
   * The round with this number, counted from 1; without a number the last whole one.
   *
   * @throws {CaptureError} if there is none, or it is not whole.
   */
  selectRound(number?: number): Round {
    const count = this.rounds.length;
    if (count === 0) {
      const why = this.#isWithoutIpvs ? `: ${WITHOUT_IPVS}` : "";
      throw new CaptureError(`it has no IPVS listing${why}`);
    }
    if (number === undefined) {
      const last = this.rounds.findLast((round) => round.whole);
      if (last !== undefined) return last;
      const gap = this.rounds.at(-1)?.gap;
      throw new CaptureError(`it has no complete snapshot; the last of ${count}: ${gap}`);
    }
    const round = this.rounds[number - 1];
    if (round === undefined) {
      throw new CaptureError(`it has ${count} snapshots, not ${number}`);
    }
    if (round.whole) return round;
    throw new CaptureError(`snapshot ${number} of ${count} is incomplete: ${round.gap}`);
  }
}

/**
 * Opens a capture: a recording of this program, or any pcap or pcapng file of a netlink monitor
 * device in which some program listed the table. The recording refers to `bytes`, which must not
 * change while it is used.
 *
 * @throws {CaptureError} if it is no netlink capture, or damaged.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openRecording } from "./recording.ts";
 *
 * const file = new URL("../../testdata/demo/capture.pcap", import.meta.url);
 * const { rounds } = openRecording(Deno.readFileSync(file));
 * assert.deepEqual(rounds.map(({ whole }) => whole), [true]);
 * assert.throws(() => openRecording(new Uint8Array(0)), { name: "CaptureError" });
 * ```
 */
export function openRecording(bytes: Uint8Array): Recording {
  const packets = readPackets(bytes);
  const reader = new AskReader();
  const marked = readMarkedRounds(packets);
  if (marked !== undefined) return new Recording(marked.map((round) => toRound(round, reader)));
  const all = reader.read(packets);
  const rounds = partRounds(all).map((asks) => {
    const { packet, portId } = asks.find(({ kind }) => kind === "services")!.exchange;
    return new Round({
      time: packet.time,
      client: `process ${processOf(portId)}`,
      asks,
      gap: findGap(asks),
    });
  });
  const isWithoutIpvs = all.some(({ kind, exchange }) =>
    kind === "family" && exchange.errno === ENOENT
  );
  return new Recording(rounds, isWithoutIpvs);
}

/** Reads what packets ask, and holds all that one capture asks to one limit. */
class AskReader {
  #left = MOST_REQUESTS;

  read(packets: readonly NetlinkPacket[]): Ask[] {
    const generic = packets.filter((packet) => packet.protocol === NETLINK_GENERIC);
    const exchanges = pairExchanges(generic, this.#left);
    this.#left -= exchanges.length;
    return readAsks(exchanges, findFamily(generic, exchanges));
  }
}

function toRound(marked: MarkedRound, reader: AskReader): Round {
  const { time, packets, texts, isComplete } = marked;
  if (!isComplete) {
    return new Round({ time, client: "ipvstat", asks: [], gap: "the recording was interrupted" });
  }
  const asks = reader.read(packets);
  return new Round({ time, client: "ipvstat", asks, texts, gap: findGap(asks) });
}
