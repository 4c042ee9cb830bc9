/**
 * Times of nanoseconds since 1970 as text.
 *
 * @module
 */

/** RFC 3339 in UTC with nanoseconds, such as `2026-01-02T03:04:05.000000006Z`. */
export function isoTime(nanoseconds: bigint): string {
  const milliseconds = nanoseconds / 1_000_000n;
  const seconds = new Date(Number(milliseconds)).toISOString().slice(0, 19);
  return `${seconds}.${String(nanoseconds % 1_000_000_000n).padStart(9, "0")}Z`;
}
