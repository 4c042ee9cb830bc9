/**
 * Suggestions for mistyped words.
 *
 * @module
 */

/** The word that is most similar to a mistyped one; undefined if none is similar. */
export function nearest(wrong: string, words: readonly string[]): string | undefined {
  const [bare, dashes] = [wrong.replace(/^-+/, ""), /^-*/.exec(words[0] ?? "")![0].length];
  let near: string | undefined;
  // A single letter matches only its other case and words that begin with it.
  let least = bare.length < 2 ? 1 : Math.max(2, Math.ceil(bare.length / 2)) + 1;
  for (const word of words) {
    const steps = distance(bare, word.slice(dashes));
    if (steps < least) [near, least] = [word, steps];
  }
  return near;
}

/** Words as a choice: `bash, zsh or fish`. */
export function listWords(words: readonly string[], conjunction = "or"): string {
  const unique = [...new Set(words)];
  if (unique.length < 2) return unique.join();
  return `${unique.slice(0, -1).join(", ")} ${conjunction} ${unique.at(-1)}`;
}

/**
 * The case-insensitive edit distance, where swapped neighbours are one step; 0 if the word begins with
 * the mistyped one.
 */
function distance(wrong: string, word: string): number {
  const a = wrong.toLowerCase(), b = word.toLowerCase();
  if (a !== "" && b.startsWith(a)) return 0;
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i], above = rows[i - 1]!;
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(replaced, swapped, above[j]! + 1, row[j - 1]! + 1));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
