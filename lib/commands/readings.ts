/**
 * The readings of a stream, and how they are taken from the running kernel.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import type { Snapshot } from "../ipvs/snapshot.ts";

/** Reads a snapshot from a source. */
export type Read = (source: Source) => Snapshot | Promise<Snapshot>;

/** Takes the readings of a stream. */
export interface Readings extends Disposable {
  /** Whether there are no more. */
  readonly hasEnded: boolean;
  /** Takes the next reading. After an error, the one after it can be tried. */
  next(): Promise<Snapshot>;
}

/** The running kernel as a source. */
export interface KernelSource extends Source, Disposable {
  /**
   * Checks that IPVS is still available, without making the kernel load it.
   *
   * @throws {NetlinkError} if it is not.
   */
  checkIpvs(): void;
}

/** Reads the running kernel, through the same sockets until a reading fails. */
export class KernelReadings implements Readings {
  /** Always false. */
  readonly hasEnded = false;
  readonly #open: () => KernelSource;
  readonly #read: Read;
  #source: KernelSource | undefined;

  /** `open` opens the sockets; it is called by the first reading, and after a failed one. */
  constructor(open: () => KernelSource, read: Read) {
    this.#open = open;
    this.#read = read;
  }

  /**
   * @inheritdoc
   *
   * @throws {NetlinkError} if the kernel refuses.
   * @throws {DecodeError} if a reply is malformed.
   */
  async next(): Promise<Snapshot> {
    try {
      this.#source?.checkIpvs();
      this.#source ??= this.#open();
      return await this.#read(this.#source);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Closes the sockets. */
  [Symbol.dispose](): void {
    this.#source?.[Symbol.dispose]();
    this.#source = undefined;
  }
}
