/**
 * Copies recordings and captures, and anonymizes them on the way. Only requests that read IPVS and
 * their replies are copied.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import { align4 } from "../netlink/attributes.ts";
import { Datagram } from "../netlink/transport.ts";
import { MessageAnonymizer } from "./anonymize_message.ts";
import { anonymizeText } from "./anonymize_text.ts";
import type { Anonymizer } from "./anonymizer.ts";
import { CaptureError } from "./error.ts";
import type { Exchange, ReplySpan } from "./exchange.ts";
import { type NetlinkPacket, readPackets } from "./packets.ts";
import { type RecordedRequest, RequestReader } from "./recorded_requests.ts";
import { Recorder } from "./recorder.ts";
import { readRecordedRounds, type RecordedRound } from "./recording_frames.ts";
import { RecordingWriter, type WriteBytes } from "./recording_writer.ts";

/** The part of a packet to copy: the messages of one exchange. */
interface CopiedSpan extends ReplySpan {
  readonly exchange: Exchange;
}

/**
 * Writes anonymized copies of recordings and of captures of other programs. A copy replays as the
 * original does, except for addresses and names of interfaces.
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
 * const rewriter = new RecordingRewriter((bytes) => chunks.push(bytes.slice()), new Anonymizer());
 * rewriter.addCapture(capture);
 * const copy = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
 * assert(openRecording(copy).selectRound().complete);
 * ```
 */
export class RecordingRewriter {
  readonly #writer: RecordingWriter;
  readonly #anonymizer: Anonymizer;
  readonly #messages: MessageAnonymizer;

  /** Starts a file. `write` is called when a buffer is full, and after each round or capture. */
  constructor(write: WriteBytes, anonymizer: Anonymizer) {
    this.#writer = new RecordingWriter(write);
    this.#anonymizer = anonymizer;
    this.#messages = new MessageAnonymizer(anonymizer);
  }

  /**
   * Records a round as {@linkcode Recorder.round} does, but writes it, rewritten, after all of it
   * was read. Nothing of a round that fails is written.
   */
  round<T>(live: Source, read: (source: Source) => T): T {
    const chunks: Uint8Array[] = [];
    const result = new Recorder((bytes) => chunks.push(bytes.slice())).round(live, read);
    this.addCapture(join(chunks));
    return result;
  }

  /**
   * Adds the contents of a pcap or pcapng file.
   *
   * @throws {CaptureError} if it is not a netlink capture, is damaged, or has no traffic of IPVS.
   */
  addCapture(bytes: Uint8Array): void {
    const packets = readPackets(bytes);
    const reader = new RequestReader();
    const rounds = readRecordedRounds(packets);
    if (rounds === undefined) {
      const requests = reader.read(packets);
      if (requests.length === 0) throw new CaptureError("it contains no requests that read IPVS");
      this.#addRequests(requests);
    } else {
      // All of them are read before any is written.
      const requests = rounds.map((round) => round.isComplete ? reader.read(round.packets) : []);
      rounds.forEach((round, i) => this.#addRound(round, requests[i]!));
    }
    this.#writer.flush();
  }

  #addRound(round: RecordedRound, requests: readonly RecordedRequest[]): void {
    const { time, packets, texts, isComplete } = round;
    this.#writer.startRound(time);
    // An incomplete round is never replayed, but has a number.
    if (!isComplete) return;
    for (const [name, pieces] of texts) {
      const text = new TextDecoder().decode(join(pieces));
      const anonymized = anonymizeText(name, text, this.#anonymizer);
      if (anonymized !== undefined) this.#writer.addFile(name, time, anonymized);
    }
    this.#addRequests(requests);
    this.#writer.endRound(packets.at(-1)?.time ?? time);
  }

  #addRequests(requests: readonly RecordedRequest[]): void {
    const packets = new Map<number, CopiedSpan[]>();
    for (const { exchange } of requests) {
      for (const span of spansOf(exchange)) {
        const spans = packets.get(span.packet.number);
        if (spans === undefined) packets.set(span.packet.number, [span]);
        else spans.push(span);
      }
    }
    const families = new Map<Exchange, number>();
    for (const [, spans] of [...packets].sort(([a], [b]) => a - b)) {
      this.#addPacket(spans[0]!.packet, spans.sort((a, b) => a.start - b.start), families);
    }
  }

  /** @param families the address family of the service that each request is about */
  #addPacket(
    packet: NetlinkPacket,
    spans: readonly CopiedSpan[],
    families: Map<Exchange, number>,
  ): void {
    const { bytes, littleEndian, isRequest, time } = packet;
    const datagram = Datagram.from(
      join(spans.map(({ start, end }) => bytes.subarray(start, end))),
      littleEndian,
    );
    let at = 0;
    for (const { start, end, exchange } of spans) {
      const range = { start: at, end: at + end - start };
      const family = this.#messages.rewrite(datagram, range, families.get(exchange));
      if (isRequest) families.set(exchange, family);
      at = range.end;
    }
    this.#writer.addPacket(isRequest, time, datagram.bytes.subarray(0, datagram.length));
  }
}

/** The request and its replies, unless they could belong to another request. */
function spansOf(exchange: Exchange): CopiedSpan[] {
  const { packet, start, end, replies, isAmbiguous } = exchange;
  const request = { packet, start, end: Math.min(align4(end), packet.bytes.length) };
  const spans: ReplySpan[] = [request, ...(isAmbiguous ? [] : replies)];
  return spans.map((span) => ({ ...span, exchange }));
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
