import type { SearchRepository } from '../../storage/contract.ts';
import { closestWord } from '../spelling.ts';
import type { UserId } from '../user-id.ts';

export interface CorrectedTerms {
  readonly terms: readonly string[];
  /** The terms as one text, if any was replaced. */
  readonly corrected?: string | undefined;
}

/** Short words are one letter away from too many others. */
const minLength = 4;

/**
 * Replaces each term that none of the user's items has, in any of its forms, by the word of theirs that was most likely
 * meant. Only the user's own words are looked at: nobody learns what others write.
 */
export async function correct(
  search: SearchRepository,
  user: UserId,
  terms: readonly string[],
): Promise<CorrectedTerms> {
  const known = await search.frequencies(user, terms);
  const unknown = terms.filter((term) => !known.has(term) && term.length >= minLength);
  const replacements = new Map<string, string>();
  for (const term of unknown) {
    const word = closestWord(term, await search.similarWords(user, term));
    // Asked last, as most unknown terms are no form of a known word either: `configuring` where items say `configure`.
    if (word === undefined || (await search.match(user, [term], { limit: 1 })).length > 0) continue;
    replacements.set(term, word);
  }
  if (replacements.size === 0) return { terms };
  const corrected = [...new Set(terms.map((term) => replacements.get(term) ?? term))];
  return { terms: corrected, corrected: corrected.join(' ') };
}
