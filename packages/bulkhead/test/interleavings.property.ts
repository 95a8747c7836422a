import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { PermitExploration, type Step } from './model/permit-exploration.ts';
import type { PermitTerms } from './model/reference-permits.ts';

const depth = 5;

/** All that can happen in the small; of who waits, the first and the second may leave. */
const alphabet: readonly Step[] = [
  { do: 'acquire', deadlineMs: Infinity },
  { do: 'acquire', deadlineMs: 1 },
  { do: 'release', pick: 0 },
  { do: 'abort', pick: 0 },
  { do: 'abort', pick: 1 },
  { do: 'resize', limit: 1 },
  { do: 'resize', limit: 2 },
  { do: 'tick' },
  { do: 'turn' },
  { do: 'close' },
];

/** The next word of `depth` letters after those that begin as `word` does up to the letter at `place`. */
function following(word: readonly number[], place: number): number[] | undefined {
  const last = word.findLastIndex((letter, index) => index <= place && letter < alphabet.length - 1);
  if (last === -1) return undefined;
  return word.map((letter, index) => (index < last ? letter : index === last ? letter + 1 : 0));
}

/** Plays a word, and gives the place of the last letter that was played: the first one that can happen to nobody. */
async function play(terms: PermitTerms, word: readonly number[]): Promise<number> {
  const exploration = new PermitExploration(terms);
  exploration.take({ do: 'acquire', deadlineMs: Infinity });
  exploration.take({ do: 'acquire', deadlineMs: Infinity });
  await Promise.resolve();
  exploration.take({ do: 'turn' });
  for (const [place, letter] of word.entries()) {
    const next = alphabet[letter]!;
    if (next.do === 'turn') await Promise.resolve();
    if (!exploration.take(next)) return place;
    compare(exploration.actual, exploration.expected, word.slice(0, place + 1));
  }
  const [actual, expected] = await exploration.end();
  compare(actual, expected, word);
  return word.length - 1;
}

/** Cheaper than `expect` by far, which then says what differs. */
function compare(actual: object, expected: object, word: readonly number[]): void {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  const steps = word.map((letter) => alphabet[letter]);
  expect({ steps, ...actual }).toEqual({ steps, ...expected });
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('acquire' as const),
      deadlineMs: fc.constantFrom(1, 3, Infinity),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), pick: fc.nat(3) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('abort' as const), pick: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('resize' as const), limit: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 6, arbitrary: fc.constant<Step>({ do: 'turn' }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ do: 'tick' }, { do: 'tryAcquire' }) },
);

const terms: fc.Arbitrary<PermitTerms> = fc.record({
  limit: fc.integer({ min: 1, max: 3 }),
  maxQueued: fc.nat(5),
  maxWaitMs: fc.constantFrom(1, 3, Infinity),
});

describe('permits of a Bulkhead, in any interleaving', () => {
  it.each<PermitTerms>([
    { limit: 1, maxQueued: 2, maxWaitMs: Infinity },
    { limit: 1, maxQueued: 2, maxWaitMs: 1 },
  ])(`do in each order of ${depth} steps what a bulkhead of one plain list does: %o`, async (small) => {
    let words = 0;
    for (let word: number[] | undefined = Array.from({ length: depth }, () => 0); word !== undefined;) {
      words += 1;
      word = following(word, await play(small, word));
    }

    expect(words).toBeGreaterThan(10_000);
  });

  it('do the same over long runs, until all is given back', async () => {
    const close = fc.option(fc.nat(80), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(
        terms,
        fc.array(step, { maxLength: 80, size: 'max' }),
        close,
        async (given, steps, at) => {
          const exploration = new PermitExploration(given);
          for (const each of at === undefined ? steps : steps.toSpliced(at, 0, { do: 'close' })) {
            if (each.do === 'turn') await Promise.resolve();
            exploration.take(each);
            expect(exploration.actual).toEqual(exploration.expected);
          }

          const [actual, expected] = await exploration.end();
          expect(actual).toEqual(expected);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
