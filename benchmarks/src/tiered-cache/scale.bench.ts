// Does an operation cost the same with a million entries in memory, each with a tag of its own, as with a thousand?
import { createCache, type TieredCache } from '@holdfast/tiered-cache';

import { measureAll, smoke, thorough } from '../harness/measure.ts';
import { baseline, type Case, type Lines, ours, Scope, study } from '../harness/question.ts';
import { type Row, rowsOf } from '../harness/result.ts';
import { walk } from '../harness/walk.ts';

const sizes = { thorough: [1_000, 10_000, 100_000, 1_000_000], smoke: [100, 1_000] } as const;
const ttlMs = 3_600_000;

/** Different keys that are asked for; few, so that what is measured is the cache and not the memory of the machine. */
const asked = 1_024;

/** What of that many entries is asked. */
interface Held {
  readonly map: ReadonlyMap<string, number>;
  readonly cache: TieredCache<number>;
  readonly nextKey: () => string;
  readonly nextTag: () => string;
}

/** The first is what nobody can do without. Each gives 1. */
const operations: Readonly<Record<string, (held: Held) => Case['run']>> = {
  'Map.get, for comparison':
    ({ map, nextKey }) =>
    () =>
      map.get(nextKey()),
  peek:
    ({ cache, nextKey }) =>
    () =>
      cache.peek(nextKey()),
  'set, with a tag':
    ({ cache, nextKey, nextTag }) =>
    () =>
      cache.set(nextKey(), 1, { tags: [nextTag()] }).then(() => 1),
  deleteTag:
    ({ cache, nextTag }) =>
    () =>
      cache.deleteTag(nextTag()).then(() => 1),
};

export default study(async (effort) => {
  const scope = new Scope();
  try {
    const all: Held[] = [];
    for (const size of sizes[effort]) all.push(await filled(size, scope));
    const lines: (readonly string[])[] = [];
    for (const [name, runOf] of Object.entries(operations)) {
      const cases = all.map((held, index) => (index === 0 ? baseline : ours)(name, runOf(held)));
      const readings = await measureAll(
        { answer: 1, cases: () => cases },
        cases,
        { thorough, smoke }[effort],
      );
      lines.push(lineOf(name, rowsOf(readings)));
    }
    return { columns: columnsOf(sizes[effort]), lines };
  } finally {
    await scope.close();
  }
});

/** A tenth as many tags have been deleted as there are entries. */
async function filled(size: number, scope: Scope): Promise<Held> {
  const cache = scope.use(
    createCache<number>({
      namespace: `of-${size}`,
      l1: { maxEntries: size, maxBytes: 2 ** 31, sizeOf: () => 8 },
      ttlMs,
    }),
  );
  const map = new Map<string, number>();
  for (let index = 0; index < size; index += 1) {
    map.set(`user:${index}`, 1);
    await cache.set(`user:${index}`, 1, { tags: [`tag:${index}`] });
    if (index % 10 === 0) await cache.deleteTag(`gone:${index}`);
  }
  const nextKey = walk(Array.from({ length: asked }, (_, index) => `user:${index % size}`));
  const nextTag = walk(Array.from({ length: asked }, (_, index) => `other:${index % size}`));
  return { map, cache, nextKey, nextTag };
}

function columnsOf(counts: readonly number[]): Lines['columns'] {
  const [first = 0, ...others] = counts.map((count) => count.toLocaleString('en'));
  return [
    { title: 'operation', align: 'left' },
    { title: `with ${first} entries`, align: 'right' },
    ...others.map((count) => ({ title: `${count}: × that`, align: 'right' as const })),
  ];
}

function lineOf(name: string, [first, ...others]: readonly Row[]): readonly string[] {
  return [name, `${first?.nanoseconds.toFixed(1)} ns`, ...others.map(({ ratio }) => ratio.toFixed(2))];
}
