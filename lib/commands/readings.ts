/**
 * The readings of a stream, and how they are taken from the running kernel.
 *
 * @module
 */
import type { Source } from "../ipvs/collect.ts";
import type { Snapshot, Snapshots } from "../ipvs/snapshot.ts";

/** Reads a snapshot from a source. */
export type Read = (source: Source) => Snapshot | Promise<Snapshot>;

/** Takes the readings of a stream. */
export interface Readings extends Disposable {
  /** Whether there are no more. */
  readonly hasEnded: boolean;
  /**
   * The exit code of the first network namespace that the last reading could not read, which is
   * reported; 0 for none. Absent if a reading has one namespace.
   */
  readonly failure?: number;
  /** Takes the next reading. After an error, the one after it can be tried. */
  next(): Promise<Snapshots>;
}

/** Reads the running kernel, through the same sockets until a reading fails. */
export class KernelReadings implements Readings {
  /** Always false. */
  readonly hasEnded = false;
  readonly #open: () => Source & Disposable;
  readonly #read: Read;
  #source: (Source & Disposable) | undefined;

  /** `open` opens the sockets; it is called by the first reading, and after a failed one. */
  constructor(open: () => Source & Disposable, read: Read) {
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
