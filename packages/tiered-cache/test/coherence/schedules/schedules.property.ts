import { describe, expect, it } from 'vitest';

import { type Exploration, explore } from './explorer.ts';
import { Scene, type Scope } from './scene.ts';

/** What it is about, what happens in it, and how many orders there are at least: they must not become none unnoticed. */
type Example = readonly [what: string, scope: Scope, atLeast: number];

const cold = { before: 'cold' } as const;
const warm = { before: 'warm' } as const;
const held = { before: 'held' } as const;
const versioned = { before: 'warm', versions: true } as const;
const stale = { before: 'warm', options: { staleWhileRevalidateMs: 1_000 }, quickLoads: true } as const;
const durable = { before: 'durable', durable: true } as const;

const deletes: readonly Example[] = [
  ['a load and a delete', { ...cold, script: 'A: get | B: delete' }, 90],
  ['a read and a delete', { ...warm, script: 'A: get | B: delete' }, 30],
  ['a load and a delete in one process', { ...cold, script: 'A: get | A: delete' }, 150],
  ['two reads of one process and a delete', { ...warm, script: 'A: get | A: get | B: delete' }, 1_000],
  ['two loads of one process and a delete', { ...cold, script: 'A: get | A: get | B: delete' }, 3_000],
  ['two readers and a delete', { ...warm, script: 'A: get | B: get | B: delete' }, 1_300],
  ['a load and one after a delete', { ...cold, script: 'A: get | B: delete, get' }, 600],
];

const many: readonly Example[] = [
  ['a read and a delete on either side', { ...warm, script: 'A: read | B: delete | A: delete' }, 800],
  ['a read, a delete and an expired tag', { ...warm, script: 'A: read | B: delete | A: expireTag' }, 400],
];

const versions: readonly Example[] = [
  ['a set, a delete and a load', { ...versioned, script: 'A: set | B: delete, get' }, 350],
  ['a set, a delete and a reader', { ...versioned, script: 'A: set | B: delete | C: read' }, 500],
  ['a set, a read and a delete', { ...versioned, script: 'A: set, read | B: delete' }, 60],
  ['two sets and a load', { ...versioned, script: 'A: set | B: set, get' }, 50],
];

const tags: readonly Example[] = [
  ['a load and a deleted tag', { ...cold, script: 'A: get | B: deleteTag, get' }, 70],
  ['a read and a deleted tag', { ...warm, script: 'A: get | B: deleteTag, get' }, 60],
  ['two holders and a deleted tag', { ...held, script: 'A: get | B: get | B: deleteTag' }, 600],
  ['a read and an expired tag', { ...warm, script: 'A: get | B: expireTag, get' }, 60],
  [
    'a read and a deleted tag in one process',
    { ...warm, quickLoads: true, script: 'A: get | A: deleteTag, get' },
    4_000,
  ],
];

const others: readonly Example[] = [
  ['a load and a clear', { ...cold, script: 'A: get | B: clear, get' }, 100],
  ['a read and a clear', { ...warm, script: 'A: get | B: clear, get' }, 60],
  ['two reads and a clear in one process', { ...warm, script: 'A: get | A: get | A: clear' }, 300],
  ['a read and an expiry', { ...warm, script: 'A: get | B: expire' }, 70],
  ['two reads and an expiry with stale times', { ...stale, script: 'A: get | B: expire, get' }, 900],
];

const besideDurable: readonly Example[] = [
  ['a read and a delete', { ...durable, script: 'A: get | B: delete' }, 25],
  ['two readers and a delete', { ...durable, script: 'A: read | B: read | B: delete' }, 300],
  ['a read and a delete in one process', { ...durable, script: 'A: get | A: delete' }, 25],
  ['a read and a deleted tag', { ...durable, script: 'A: get | B: deleteTag' }, 8],
  ['a read and a clear', { ...durable, script: 'A: get | B: clear' }, 8],
  ['a read and an expiry', { ...durable, script: 'A: get | B: expire' }, 25],
  ['a read and a set', { ...durable, script: 'A: get | B: set' }, 25],
  ['a load and a delete', { ...durable, before: 'cold', script: 'A: get | B: delete' }, 90],
  ['a set and a delete', { ...versioned, durable: true, script: 'A: set | B: delete' }, 80],
];

/** Minutes each: run with `SCHEDULES=all`. */
const large: readonly Example[] = [
  ['a read and two deletes', { ...warm, quickLoads: true, script: 'A: get | B: delete, delete' }, 10_000],
  ['two loads and a delete', { ...cold, script: 'A: get | B: get | B: delete' }, 250_000],
  ['a load and a delete on either side', { ...cold, script: 'A: get | B: delete | A: delete' }, 250_000],
  ['a load and two deletes', { ...cold, script: 'A: get | B: delete | B: delete' }, 100_000],
  ['a read and two deleting processes', { ...warm, script: 'A: get | B: delete | C: delete' }, 100_000],
  ['a set, a delete and a load', { ...versioned, script: 'A: set | B: delete | C: get' }, 10_000],
  ['a read, a load and an expiry', { ...warm, script: 'A: get | B: expire, get' }, 3_000],
  ['a promotion, a load and a delete', { ...durable, script: 'A: read | B: get | B: delete' }, 10_000],
];

function everyOrder(scope: Scope): Promise<Exploration> {
  return explore(() => Scene.open(scope));
}

describe('every order of the steps of', () => {
  it.each([...deletes, ...many, ...others])(
    '%s ends with nobody holding what is outdated',
    async (_what, scope, atLeast) => {
      const { problems, schedules } = await everyOrder(scope);

      expect(problems).toEqual([]);
      expect(schedules).toBeGreaterThanOrEqual(atLeast);
    },
  );

  it.each(versions)('%s ends with the newest version or with nothing', async (_what, scope, atLeast) => {
    const { problems, schedules } = await everyOrder(scope);

    expect(problems).toEqual([]);
    expect(schedules).toBeGreaterThanOrEqual(atLeast);
  });

  it.each(tags)('%s ends with nobody holding what bears the tag', async (_what, scope, atLeast) => {
    const { problems, schedules } = await everyOrder(scope);

    expect(problems).toEqual([]);
    expect(schedules).toBeGreaterThanOrEqual(atLeast);
  });

  it.each(besideDurable)(
    '%s beside durable tiers ends with none of them believed wrongly',
    async (_what, scope, atLeast) => {
      const { problems, schedules } = await everyOrder(scope);

      expect(problems).toEqual([]);
      expect(schedules).toBeGreaterThanOrEqual(atLeast);
    },
  );

  it.runIf(process.env['SCHEDULES'] === 'all').each(large)(
    '%s ends with nobody holding what is outdated, however many they are',
    { timeout: 3_600_000 },
    async (_what, scope, atLeast) => {
      const { problems, schedules } = await everyOrder(scope);

      expect(problems).toEqual([]);
      expect(schedules).toBeGreaterThanOrEqual(atLeast);
    },
  );
});

// One change by itself cannot be told from one whose entry in the log is late, which is among the orders above.
describe('with the log on another server than the keys, every order of the steps of', () => {
  it.each([...many, ...versions, ...besideDurable])(
    '%s ends with nobody holding what is outdated',
    async (_what, scope, atLeast) => {
      const { problems, schedules } = await everyOrder({ ...scope, split: true });

      expect(problems).toEqual([]);
      expect(schedules).toBeGreaterThanOrEqual(atLeast);
    },
  );
});
