/**
 * Writes netlink captures and recordings as pcap files.
 *
 * @module
 */
import { NETLINK_GENERIC } from "../netlink/uapi.ts";
import { INITIAL_CHECKSUM, updateChecksum } from "./checksum.ts";
import { COOKED_HEADER_LENGTH, writeCookedHeader } from "./packets.ts";
import { FRAME_HEADER_LENGTH, MAX_FRAME_LENGTH, pcapHeader, writeFrameHeader } from "./pcap.ts";
import {
  fileFrames,
  NETLINK_USERSOCK,
  roundEndFrame,
  roundStartFrame,
} from "./recording_frames.ts";

/** The size of the output buffer in bytes: larger than the largest frame. */
const CAPACITY = 2 * MAX_FRAME_LENGTH;

/** Writes the next bytes of the file; they are valid only during the call. */
export type WriteBytes = (bytes: Uint8Array) => void;

/**
 * Writes a pcap file of link type netlink, with times in nanoseconds: generic netlink packets and,
 * in a recording, the frames of ipvstat around them. All times are in nanoseconds since 1970.
 *
 * Every method except `flush()` throws a {@linkcode RangeError} if a packet is larger than tools for
 * captures accept, and whatever the writer throws.
 */
export class RecordingWriter {
  readonly #write: WriteBytes;
  readonly #buffer = new Uint8Array(CAPACITY);
  #length = 0;
  #packets = 0;
  #checksum = INITIAL_CHECKSUM;

  /** Starts a file. `write` is called when the buffer is full, and by {@linkcode flush}. */
  constructor(write: WriteBytes) {
    this.#write = write;
    const header = pcapHeader();
    this.#buffer.set(header);
    this.#length = header.length;
  }

  /** Starts the round of the snapshot of this time. */
  startRound(time: bigint): void {
    this.#packets = 0;
    this.#checksum = INITIAL_CHECKSUM;
    this.#add(NETLINK_USERSOCK, false, time, roundStartFrame(time));
  }

  /** Adds the data of one send or receive. */
  addPacket(toKernel: boolean, time: bigint, bytes: Uint8Array): void {
    this.#add(NETLINK_GENERIC, toKernel, time, bytes);
  }

  /** Adds the text of a file to the round; the name is that of `Source.readProc()`. */
  addFile(name: string, time: bigint, text: string): void {
    for (const frame of fileFrames(name, text)) this.#add(NETLINK_USERSOCK, false, time, frame);
  }

  /** Marks the round as complete. */
  endRound(time: bigint): void {
    const end = roundEndFrame(this.#packets, this.#checksum);
    this.#add(NETLINK_USERSOCK, false, time, end);
  }

  /** Writes what is in the buffer. */
  flush(): void {
    const length = this.#length;
    this.#length = 0;
    if (length > 0) this.#write(this.#buffer.subarray(0, length));
  }

  #add(protocol: number, toKernel: boolean, time: bigint, bytes: Uint8Array): void {
    const length = COOKED_HEADER_LENGTH + bytes.length;
    if (length > MAX_FRAME_LENGTH) {
      throw new RangeError(
        `Cannot record a packet of ${length} bytes: the maximum is ${MAX_FRAME_LENGTH}`,
      );
    }
    if (this.#length + FRAME_HEADER_LENGTH + length > CAPACITY) this.flush();
    const start = this.#length + FRAME_HEADER_LENGTH;
    const end = start + length;
    writeFrameHeader(this.#buffer.subarray(this.#length, start), time, length);
    const frame = this.#buffer.subarray(start, end);
    writeCookedHeader(frame, protocol, toKernel);
    frame.set(bytes, COOKED_HEADER_LENGTH);
    this.#checksum = updateChecksum(this.#checksum, frame);
    this.#packets++;
    this.#length = end;
  }
}
