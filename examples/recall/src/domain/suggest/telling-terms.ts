import type { Storage } from '../../storage/contract.ts';
import { words } from '../text.ts';
import type { UserId } from '../user-id.ts';

/** More words cost time and find little more. */
const maxTerms = 12;

/**
 * The words of the text that tell most about it: often in the text, in few of the user's items. Words that none of them
 * has can find nothing and are left out.
 */
export async function tellingTerms(storage: Storage, user: UserId, text: string): Promise<readonly string[]> {
  const counts = new Map<string, number>();
  for (const word of words(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const [total, documents] = await Promise.all([
    storage.items.count(user),
    storage.search.frequencies(user, [...counts.keys()]),
  ]);
  return [...documents]
    .map(([term, items]) => ({
      term,
      weight: (1 + Math.log(counts.get(term) ?? 1)) * Math.log(1 + total / items),
    }))
    .toSorted((a, b) => b.weight - a.weight || (a.term < b.term ? -1 : 1))
    .slice(0, maxTerms)
    .map(({ term }) => term);
}
