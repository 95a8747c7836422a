import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Fleet, type Node } from './fleet.ts';

let fleet: Fleet;
let a: Node;
let late: Node;
let truth: string;

/** How long the server is not reached, longer than a tier is waited for, in milliseconds. */
const outOfReachMs = 300;

/** One process that knows the server, and one whose first contact takes its time. */
beforeEach(async () => {
  truth = 'old';
  fleet = new Fleet(0);
  a = fleet.add();
  await fleet.during(a.cache.get('warm', () => 1));
  late = fleet.add();
  late.store.fate = (operation) => (operation === 'start' ? { requestMs: outOfReachMs } : {});
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

/** What is deleted now is not heard of by a process that begins to listen at the end of the log. */
async function deleteElsewhere(): Promise<void> {
  truth = 'new';
  await a.cache.delete('key');
}

describe('what a process has set before its first contact with the server', () => {
  it.each(['deleteTag', 'clear'] as const)(
    'does not come after what it has done since: %s',
    async (change) => {
      late.store.fate = (operation) => (operation === 'start' ? { requestMs: 50 } : {});
      const writes = [late.cache.set('key', 'old', { tags: ['red'] }), late.cache[change]('red')];
      await fleet.clock.advance(100);
      await Promise.all(writes);

      expect([await late.cache.get('key'), await a.cache.get('key')]).toEqual([undefined, undefined]);
    },
  );
});

describe('what a process has loaded before its first contact with the server', () => {
  it('is not held any longer once it listens, for it has missed what was changed before', async () => {
    expect(await fleet.during(late.cache.get('key', () => truth))).toBe('old');
    expect(late.cache.peek('key')).toBe('old');
    await deleteElsewhere();
    await fleet.clock.advance(outOfReachMs);

    expect(late.cache.peek('key')).toBeUndefined();
    expect(await fleet.during(late.cache.get('key', () => truth))).toBe('new');
  });

  it('is not kept if it was being loaded when it began to listen', async () => {
    const loading = late.cache.get('key', async () => {
      const read = truth;
      await new Promise<void>((resolve) => void fleet.clock.schedule(resolve, 100));
      return read;
    });
    await fleet.clock.advance(outOfReachMs - 20);
    await deleteElsewhere();
    await fleet.clock.advance(200);

    expect([await loading, late.cache.peek('key')]).toEqual(['old', undefined]);
  });
});
