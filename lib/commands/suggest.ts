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

/** The case-insensitive Levenshtein distance; 0 if the word begins with the mistyped one. */
function distance(wrong: string, word: string): number {
  const a = wrong.toLowerCase();
  if (a !== "" && word.toLowerCase().startsWith(a)) return 0;
  let row = Array.from({ length: word.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= word.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === word[j - 1] ? 0 : 1);
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[word.length]!;
}
