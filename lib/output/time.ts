/**
 * Formats times in nanoseconds since 1970.
 *
 * @module
 */

const NANOSECONDS = 1_000_000_000n;
const DAY = 86_400; // seconds
/** Days in 400 years, after which the calendar repeats. */
const ERA = 146_097;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH = 719_468;

/**
 * RFC 3339 in UTC with nanoseconds, such as `2026-01-02T03:04:05.000000006Z`. The first use of a
 * `Date` loads the time zones of the system, which takes longer than the rest of a short run.
 */
export function isoTime(nanoseconds: bigint): string {
  const seconds = Number(nanoseconds / NANOSECONDS);
  const time = seconds % DAY;
  const clock = [time / 3600, time / 60 % 60, time % 60].map((part) => digits(part, 2)).join(":");
  const fraction = digits(Number(nanoseconds % NANOSECONDS), 9);
  return `${date(Math.floor(seconds / DAY))}T${clock}.${fraction}Z`;
}

/** The same in UTC for people, to the second: `2026-01-02 03:04:05 UTC`. */
export function readableTime(nanoseconds: bigint): string {
  return `${isoTime(nanoseconds).slice(0, 19).replace("T", " ")} UTC`;
}

/** The date of a day, counted from 1970-01-01. Years begin in March, so that leap days are last. */
function date(day: number): string {
  const era = Math.floor((day + EPOCH) / ERA);
  const dayOfEra = day + EPOCH - era * ERA;
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) +
    Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - 365 * yearOfEra - Math.floor(yearOfEra / 4) +
    Math.floor(yearOfEra / 100);
  // The five months from March, and those from August, have 153 days.
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  const year = 400 * era + yearOfEra + (month < 10 ? 0 : 1);
  return [digits(year, 4), digits(month < 10 ? month + 3 : month - 9, 2), digits(dayOfMonth, 2)]
    .join("-");
}

function digits(value: number, width: number): string {
  return String(Math.floor(value)).padStart(width, "0");
}
