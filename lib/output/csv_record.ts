/**
 * Records of CSV according to RFC 4180.
 *
 * @module
 */

/** A record with its line break; fields that need quotes have them. */
export function csvRecord(fields: readonly string[]): string {
  return `${fields.map(quoted).join(",")}\r\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
