/**
 * Aligns text in columns.
 *
 * @module
 */

const GAP = "  ";

/**
 * One line for each row. A column is as wide as its widest cell. A row that has nothing but its first
 * cell is a heading, which does not count. Spaces at the end of a line are left out.
 *
 * @param right Indices of the columns that are aligned at the right.
 */
export function alignColumns(
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number>,
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    const isHeading = row.findLastIndex((cell) => cell !== "") === 0;
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, isHeading ? 0 : cell.length);
    });
  }
  return rows.map((row) =>
    row.map((cell, i) => right.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))
      .join(GAP).trimEnd()
  );
}
