import { ManualClock } from '@holdfast/core/testing';
import { MemoryCache } from '@holdfast/tiered-cache';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type CachePart, partOf } from '../../src/adapters/cache-part.ts';
import { ScriptedStore } from '../scripted-store.ts';
import { NaiveParts } from './model/naive-parts.ts';

const step = fc.record({
  type: fc.constantFrom('set', 'get', 'delete', 'clear'),
  levels: fc.constantFrom(['users'], ['users', 'posts'], ['users', 'posts', 'x'], ['usersAbc']),
  key: fc.constantFrom('a', 'x:a', 'posts:x:a', 'Abc:a'),
  value: fc.constantFrom(0, '', false, null, 'text', 1, [], {}),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const size = { maxLength: 40, size: 'max' } as const;

/** A handle on a part, made anew as another process would. */
function handleOn(cache: MemoryCache | ScriptedStore, [first = '', ...rest]: readonly string[]): CachePart {
  return rest.reduce((part, level) => part.part(level), partOf(cache, first));
}

/** Does one step to a part and to the model. Gives what the part says and what the model says. */
async function done(
  { type, levels, key, value }: Step,
  part: CachePart,
  model: NaiveParts,
): Promise<unknown[]> {
  const expected = model.get(levels, key);
  if (type === 'get') return [await part.get(key), expected];
  if (type === 'delete') {
    model.delete(levels, key);
    return [await part.delete(key), expected !== undefined];
  }
  if (type === 'set') {
    model.set(levels, key, value);
    await part.set(key, value);
  } else {
    model.clear(levels);
    await part.clear();
  }
  return [undefined, undefined];
}

describe('CachePart', () => {
  it('holds what was set in it since it, or a part around it, was last cleared, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, size), fc.boolean(), async (steps, remembers) => {
        const cache = new MemoryCache();
        const model = new NaiveParts();
        const handles = new Map<string, CachePart>();
        const answers: unknown[][] = [];
        for (const each of steps) {
          const handle = handles.get(each.levels.join()) ?? handleOn(cache, each.levels);
          if (remembers) handles.set(each.levels.join(), handle);
          answers.push(await done(each, handle, model));
        }

        expect(answers.map(([found]) => found)).toEqual(answers.map(([, expected]) => expected));
      }),
      { numRuns: 300 },
    );
  });

  it('only misses when anything that the cache holds is lost', async () => {
    const lossy = fc.oneof({ weight: 2, arbitrary: step }, { weight: 1, arbitrary: fc.nat() });
    await fc.assert(
      fc.asyncProperty(fc.array(lossy, size), async (steps) => {
        const cache = new ScriptedStore(new ManualClock());
        const model = new NaiveParts();
        const answers: unknown[][] = [];
        for (const each of steps) {
          const held = [...cache.entries.keys()];
          if (typeof each === 'number') cache.entries.delete(held[each % Math.max(1, held.length)] ?? '');
          else answers.push(await done(each, handleOn(cache, each.levels), model));
        }
        const hits = answers.filter(([found]) => found !== undefined && found !== false);

        expect(hits.map(([found]) => found)).toEqual(hits.map(([, expected]) => expected));
      }),
      { numRuns: 2_000 },
    );
  });

  it('never gives out what was set before a clear began, in whatever order two processes reach the cache', async () => {
    const call = fc.record({
      process: fc.nat({ max: 1 }),
      type: fc.constantFrom('set', 'get', 'clear', 'wait'),
      key: fc.constantFrom('a', 'b'),
    });
    const delays = fc.infiniteStream(fc.nat({ max: 5 }));
    await fc.assert(
      fc.asyncProperty(fc.array(call, size), delays, async (calls, delay) => {
        const clock = new ManualClock();
        const cache = new ScriptedStore(clock);
        cache.fate = () => ({ delayMs: delay.next().value });
        const processes = [partOf(cache, 'users'), partOf(cache, 'users')];
        const set = new Set<unknown>();
        const cleared = new Set<unknown>();
        const wrong: unknown[] = [];
        const underWay: Promise<unknown>[] = [];

        for (const [serial, { process, type, key }] of calls.entries()) {
          const part = processes[process] as CachePart;
          const [before, gone] = [[...set], new Set(cleared)];
          if (type === 'wait') await clock.advance(4);
          if (type === 'set') underWay.push(part.set(key, serial).then(() => set.add(serial)));
          if (type === 'clear')
            underWay.push(part.clear().then(() => before.forEach((each) => cleared.add(each))));
          if (type === 'get')
            underWay.push(part.get(key).then((found) => gone.has(found) && wrong.push(found)));
        }
        await clock.advance(100);
        await Promise.all(underWay);

        expect(wrong).toEqual([]);
      }),
    );
  });
});
