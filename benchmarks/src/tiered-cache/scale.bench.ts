// Does an operation cost the same with a million entries in memory as with a thousand, and with as many tags?
import { createCache, type TieredCache } from '@holdfast/tiered-cache';

import { baseline, type Case, ours, question } from '../harness/question.ts';
import { walk } from '../harness/walk.ts';

const sizes = [1_000, 10_000, 100_000, 1_000_000];
const ttlMs = 3_600_000;

/** Different keys that are asked for; few, so that what is measured is the cache and not the memory of the machine. */
const asked = 1_024;

async function filled(size: number): Promise<TieredCache<number>> {
  const cache = createCache<number>({
    namespace: `of-${size}`,
    l1: { maxEntries: size + asked, maxBytes: 2 ** 31, sizeOf: () => 8 },
    ttlMs,
  });
  for (let index = 0; index < size; index += 1) {
    await cache.set(`user:${index}`, 1, { tags: [`tag:${index}`] });
    if (index % 1_000 === 0) await cache.deleteTag(`gone:${index}`);
  }
  for (let index = 0; index < asked; index += 1) cache.peek(`user:${index % size}`);
  return cache;
}

export default question({
  answer: 1,
  cases: async (scope) => {
    const cases: Case[] = [];
    for (const size of sizes) {
      const cache = scope.use(await filled(size));
      const next = walk(Array.from({ length: asked }, (_, index) => `user:${index % size}`));
      const label = `peek, ${size.toLocaleString('en')} entries with a tag each`;
      const run = (): unknown => cache.peek(next());
      cases.push(cases.length === 0 ? baseline(label, run) : ours(label, run));
    }
    return cases;
  },
});
