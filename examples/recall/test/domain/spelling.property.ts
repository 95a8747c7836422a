import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { closestWord, withinOneEdit } from '../../src/domain/spelling.ts';

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 6 });

/** All words that one edit makes of a word, written down one by one. */
function edits(from: string): ReadonlySet<string> {
  const made = new Set<string>();
  for (let at = 0; at <= from.length; at += 1) {
    for (const letter of 'abc') {
      made.add(from.slice(0, at) + letter + from.slice(at));
      if (at < from.length) made.add(from.slice(0, at) + letter + from.slice(at + 1));
    }
    made.add(from.slice(0, at) + from.slice(at + 1));
    made.add(
      from.slice(0, at) +
        from
          .slice(at, at + 2)
          .split('')
          .toReversed()
          .join('') +
        from.slice(at + 2),
    );
  }
  made.delete(from);
  return made;
}

describe('withinOneEdit', () => {
  it('agrees with a list of all edits, in both directions', () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(withinOneEdit(a, b)).toBe(edits(a).has(b));
        expect(withinOneEdit(b, a)).toBe(edits(a).has(b));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('closestWord', () => {
  it('takes the word of most items, and of those the first in the alphabet', () => {
    const vocabulary = [
      { term: 'plugins', documents: 3 },
      { term: 'plug', documents: 50 },
      { term: 'pluginx', documents: 3 },
      { term: 'plugin', documents: 1 },
    ];

    expect(closestWord('pluginz', vocabulary)).toBe('plugins');
    expect(closestWord('plugi', vocabulary)).toBe('plug');
    expect(closestWord('fastify', vocabulary)).toBeUndefined();
  });
});
