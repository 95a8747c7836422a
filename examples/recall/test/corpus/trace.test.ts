import { describe, expect, it } from 'vitest';

import { Library } from '../../src/corpus/library.ts';
import { SeededRandom } from '../../src/corpus/random.ts';
import { generateTrace } from '../../src/corpus/trace.ts';
import { theCorpus } from '../support/fixtures.ts';

describe('generateTrace', () => {
  const { corpus } = theCorpus();
  const trace = generateTrace(corpus, { seed: 42 });

  it('is labelled synthetic, the same for the same seed, and another for another', () => {
    expect(trace).toMatchObject({ synthetic: true, seed: 42 });
    expect(generateTrace(corpus, { seed: 42 })).toEqual(trace);
    expect(generateTrace(corpus, { seed: 43 }).accesses).not.toEqual(trace.accesses);
  });

  it('has three dozen readers, thousands of accesses in the order of time, each with an id of its own', () => {
    const times = trace.accesses.map(({ at }) => at);

    expect(trace.users).toHaveLength(36);
    expect(new Set(trace.accesses.map(({ user }) => user)).size).toBe(36);
    expect(trace.accesses.length).toBeGreaterThan(2_000);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(trace.accesses.map(({ eventId }) => eventId)).size).toBe(trace.accesses.length);
  });

  it('walks along the documentation’s real links and order more often than not', () => {
    const library = new Library(corpus);
    const sections = new Map(corpus.sections.map((section) => [section.source, section]));
    let steps = 0;
    let along = 0;
    for (const session of Map.groupBy(trace.accesses, (access) => access.session).values()) {
      for (const [index, { source }] of session.entries()) {
        const from = sections.get(session[index - 1]?.source ?? '');
        if (from === undefined) continue;
        steps += 1;
        expect(source).not.toBe(from.source);
        if (from.links.includes(source) || library.next(from)?.source === source) along += 1;
      }
    }

    expect(along / steps).toBeGreaterThan(0.5);
  });

  it('has days: nobody reads at night, few at weekends', () => {
    const hours = new Set(trace.accesses.map(({ at }) => new Date(at).getUTCHours()));
    const weekend = trace.accesses.filter(({ at }) => new Date(at).getUTCDay() % 6 === 0);

    for (const hour of [1, 2, 3, 4, 5]) expect(hours.has(hour)).toBe(false);
    expect(weekend.length / trace.accesses.length).toBeLessThan(0.15);
    expect(weekend.length).toBeGreaterThan(0);
  });
});

describe('SeededRandom', () => {
  it('gives each weight its share', () => {
    const random = new SeededRandom(1);
    const counts = { a: 0, b: 0, never: 0 };

    for (let draw = 0; draw < 10_000; draw += 1)
      counts[
        random.pickWeighted([
          ['a', 3],
          ['never', 0],
          ['b', 1],
        ] as const)
      ] += 1;

    expect(counts.a / 10_000).toBeCloseTo(0.75, 1);
    expect(counts.never).toBe(0);
    expect(() => random.pick([])).toThrow('nothing to pick from');
    expect(() => random.pickWeighted([])).toThrow('nothing to pick from');
  });
});
