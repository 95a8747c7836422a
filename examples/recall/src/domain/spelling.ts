/** A word of a user's own items, and how many of them have it. */
export interface VocabularyWord {
  readonly term: string;
  readonly documents: number;
}

/**
 * The word that was most likely meant: one edit away, in most documents, ties in alphabetical order; `undefined` if
 * there is none. The caller offers words with the same first letter, which people seldom mistype.
 */
export function closestWord(term: string, vocabulary: readonly VocabularyWord[]): string | undefined {
  let best: VocabularyWord | undefined;
  for (const word of vocabulary) {
    if (!withinOneEdit(term, word.term)) continue;
    if (best === undefined || word.documents > best.documents) best = word;
    else if (word.documents === best.documents && word.term < best.term) best = word;
  }
  return best?.term;
}

/**
 * Whether one letter was left out, added, replaced or swapped with its neighbour; false for equal words.
 *
 * @see "A technique for computer detection and correction of spelling errors", CACM 7(3), 1964
 */
export function withinOneEdit(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1) return false;
  let same = 0;
  while (same < short.length && short[same] === long[same]) same += 1;
  if (long.length > short.length) return short.slice(same) === long.slice(same + 1);
  if (same === short.length) return false;
  if (short.slice(same + 1) === long.slice(same + 1)) return true;
  const swapped = short[same] === long[same + 1] && short[same + 1] === long[same];
  return swapped && short.slice(same + 2) === long.slice(same + 2);
}
