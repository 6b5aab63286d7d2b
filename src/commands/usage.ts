/** Wrong usage: one line on standard error and exit status 2. */
export class UsageError extends Error {
  constructor(message: string, suggestion?: string) {
    super(suggestion === undefined ? message : `${message} (did you mean ${suggestion}?)`);
    this.name = 'UsageError';
  }
}

/** A word that is none of those allowed: the one that may be meant, or else all of them. */
export function unknownWord(what: string, word: string, allowed: readonly string[]): UsageError {
  const near = nearest(word, allowed);
  return new UsageError(
    `unknown ${what} '${word}'${near === undefined ? `, expected ${allowed.join(', ')}` : ''}`,
    near,
  );
}

/** The candidate nearest to a mistyped word, if one is near enough to be meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // Never so far that no letter of the word is left.
  const limit = Math.min(word.length - 1, Math.max(2, Math.floor(word.length / 3)));
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = word !== '' && candidate.startsWith(word) ? 0 : editDistance(word, candidate);
    if (distance <= limit && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? a.length;
}
