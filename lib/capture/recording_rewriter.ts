/**
 * Copies recordings and captures: anonymizes them, or selects some of their virtual servers. Only
 * requests that read IPVS and their replies are copied.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import { collect } from "../ipvs/collect.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";
import { align4 } from "../netlink/attributes.ts";
import { Datagram } from "../netlink/transport.ts";
import { MessageAnonymizer } from "./anonymize_message.ts";
import { anonymizeText } from "./anonymize_text.ts";
import type { Anonymizer } from "./anonymizer.ts";
import { CaptureError } from "./error.ts";
import type { Exchange, ReplySpan } from "./exchange.ts";
import { groupIntoSnapshots } from "./group_snapshots.ts";
import { type NetlinkPacket, readPackets } from "./packets.ts";
import { type RecordedRequest, RequestReader } from "./recorded_requests.ts";
import { Recorder } from "./recorder.ts";
import { toRound } from "./recording.ts";
import { readRecordedRounds, type RecordedRound } from "./recording_frames.ts";
import { RecordingWriter, type WriteBytes } from "./recording_writer.ts";
import { type CopiedExchange, copyAll, copySelected } from "./selected_requests.ts";

/** What to change. */
export interface RewriterOptions {
  /** Replaces addresses and names of interfaces; by default they stay. */
  readonly anonymizer?: Anonymizer | undefined;
  /** Selects virtual servers of a snapshot; by default all of them. */
  readonly select?: ((snapshot: Snapshot) => Snapshot) | undefined;
}

/** The part of a packet to copy: messages of one exchange. */
interface CopiedSpan extends ReplySpan {
  readonly exchange: Exchange;
}

/**
 * Writes changed copies of recordings and of captures of other programs. An anonymized copy replays
 * as the original does, except for addresses and names of interfaces.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { Anonymizer } from "./anonymizer.ts";
 * import { openRecording } from "./recording.ts";
 * import { RecordingRewriter } from "./recording_rewriter.ts";
 *
 * const capture = Deno.readFileSync(new URL("../../testdata/demo/capture.pcap", import.meta.url));
 * const chunks: Uint8Array[] = [];
 * const write = (bytes: Uint8Array) => chunks.push(bytes.slice());
 * new RecordingRewriter(write, { anonymizer: new Anonymizer() }).addCapture(capture);
 * const copy = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
 * assert(openRecording(copy).selectRound().complete);
 * ```
 */
export class RecordingRewriter {
  readonly #writer: RecordingWriter;
  readonly #anonymizer: Anonymizer | undefined;
  readonly #messages: MessageAnonymizer | undefined;
  readonly #select: RewriterOptions["select"];

  /** Starts a file. `write` is called when a buffer is full, and after each round or capture. */
  constructor(write: WriteBytes, { anonymizer, select }: RewriterOptions) {
    this.#writer = new RecordingWriter(write);
    this.#anonymizer = anonymizer;
    this.#messages = anonymizer && new MessageAnonymizer(anonymizer);
    this.#select = select;
  }

  /**
   * Records a round as {@linkcode Recorder.round} does, but writes it, changed, after all of it was
   * read. Nothing of a round that fails is written.
   */
  round<T>(live: Source, read: (source: Source) => T): T {
    const chunks: Uint8Array[] = [];
    const result = new Recorder((bytes) => chunks.push(bytes.slice())).round(live, read);
    this.addCapture(join(chunks));
    return result;
  }

  /**
   * Adds the contents of a pcap or pcapng file. All of it is read before anything is written.
   *
   * @throws {CaptureError} if it is not a netlink capture, is damaged, or has no traffic of IPVS.
   * @throws {DecodeError} if virtual servers are selected and a reply is malformed.
   */
  addCapture(bytes: Uint8Array): void {
    const packets = readPackets(bytes);
    const reader = new RequestReader();
    const rounds = readRecordedRounds(packets);
    if (rounds === undefined) {
      const requests = reader.read(packets);
      if (requests.length === 0) throw new CaptureError("it contains no requests that read IPVS");
      this.#addExchanges(this.#copyCapture(requests));
    } else {
      const copies = rounds.map((round) => ({ round, exchanges: this.#copyRound(round, reader) }));
      for (const { round, exchanges } of copies) this.#addRound(round, exchanges);
    }
    this.#writer.flush();
  }

  /** What to copy of a capture of other programs; only whole snapshots if there is a selection. */
  #copyCapture(requests: readonly RecordedRequest[]): CopiedExchange[] {
    if (this.#select === undefined) return copyAll(requests);
    return groupIntoSnapshots(requests).flatMap((group) =>
      this.#copySnapshot({ time: 0n, packets: [], texts: new Map(), isComplete: true }, group)
    );
  }

  #copyRound(round: RecordedRound, reader: RequestReader): CopiedExchange[] {
    if (!round.isComplete) return [];
    const requests = reader.read(round.packets);
    return this.#select === undefined ? copyAll(requests) : this.#copySnapshot(round, requests);
  }

  #copySnapshot(
    recorded: RecordedRound,
    requests: readonly RecordedRequest[],
  ): CopiedExchange[] {
    const round = toRound(recorded, requests);
    if (!round.complete) return [];
    return copySelected(requests, this.#select!(collect(round.play())).virtualServers);
  }

  #addRound(
    { time, packets, texts, isComplete }: RecordedRound,
    exchanges: readonly CopiedExchange[],
  ): void {
    this.#writer.startRound(time);
    // An incomplete round is never replayed, but has a number.
    if (!isComplete) return;
    for (const [name, pieces] of texts) {
      const text = new TextDecoder().decode(join(pieces));
      const changed = this.#anonymizer ? anonymizeText(name, text, this.#anonymizer) : text;
      if (changed !== undefined) this.#writer.addFile(name, time, changed);
    }
    this.#addExchanges(exchanges);
    this.#writer.endRound(packets.at(-1)?.time ?? time);
  }

  #addExchanges(exchanges: readonly CopiedExchange[]): void {
    const packets = new Map<number, CopiedSpan[]>();
    for (const { exchange, replies } of exchanges) {
      for (const span of [requestOf(exchange), ...replies]) {
        const spans = packets.get(span.packet.number);
        if (spans === undefined) packets.set(span.packet.number, [{ ...span, exchange }]);
        else spans.push({ ...span, exchange });
      }
    }
    const families = new Map<Exchange, number>();
    for (const [, spans] of [...packets].sort(([a], [b]) => a - b)) {
      this.#addPacket(spans[0]!.packet, spans.sort((a, b) => a.start - b.start), families);
    }
  }

  /** @param families the address family of the service that each request is about */
  #addPacket(
    { bytes, littleEndian, isRequest, time }: NetlinkPacket,
    spans: readonly CopiedSpan[],
    families: Map<Exchange, number>,
  ): void {
    const copied = join(spans.map(({ start, end }) => bytes.subarray(start, end)));
    const datagram = Datagram.from(copied, littleEndian);
    let at = 0;
    for (const { start, end, exchange } of spans) {
      const range = { start: at, end: at + end - start };
      const family = this.#messages?.rewrite(datagram, range, families.get(exchange)) ?? 0;
      if (isRequest) families.set(exchange, family);
      at = range.end;
    }
    this.#writer.addPacket(isRequest, time, datagram.bytes.subarray(0, datagram.length));
  }
}

function requestOf({ packet, start, end }: Exchange): ReplySpan {
  return { packet, start, end: Math.min(align4(end), packet.bytes.length) };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
