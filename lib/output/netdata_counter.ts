/**
 * Counters for netdata, which takes signed 64-bit integers and mistakes some resets for overflows.
 *
 * @module
 */

/**
 * A counter that never goes back. If the kernel's does, because a server was added again or the
 * module loaded again, netdata would take a counter below 2^32 for a 32-bit one that overflowed,
 * and show a rate of up to 2^32. So this one continues from the value before.
 */
export class NetdataCounter {
  #last: bigint | undefined;
  /** Added to the kernel's values, modulo 2^64. */
  #offset = 0n;

  /**
   * The next value as a signed 64-bit integer: netdata reads signed integers, and calculates with
   * their bits as unsigned ones.
   *
   * @param continues false if the value is not of the same counter as the last one.
   * @returns undefined if there is no change to report, as the counter began anew.
   */
  next(value: bigint, continues: boolean): bigint | undefined {
    const last = this.#last;
    this.#last = value;
    if (last !== undefined && (!continues || value < last)) {
      this.#offset += last - value;
      return undefined;
    }
    return BigInt.asIntN(64, value + this.#offset);
  }
}
