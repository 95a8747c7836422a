import { describe, expect, it } from 'vitest';

import { counted, neighbour, setUp, setUpL2 } from '../rig.ts';

const alone = { l2: undefined, l3: undefined } as const;
const stale = { ttlMs: 600_000, staleWhileRevalidateMs: 1_000, staleIfErrorMs: 5_000 };
const fail = (): never => {
  throw new Error('source down');
};

describe('what is deleted', () => {
  it('is never given out again, whatever stale times it had and whoever fails', async () => {
    const { cache, l2 } = setUpL2(stale);
    await cache.set('key', 'old');
    await cache.delete('key');
    l2.fate = () => ({ fails: 'before' });

    await expect(cache.get('key', fail)).rejects.toThrow('source down');
    expect(await cache.entry('key')).toBeUndefined();
  });
});

describe('what is expired', () => {
  it('is no fresh answer any more, stands in while it is refreshed, then when loads fail, then is gone', async () => {
    const { cache, clock } = setUp({ ...alone, ...stale });
    await cache.set('key', 'old');
    await clock.advance(10);
    await cache.expire('key');

    expect([cache.peek('key'), await cache.get('key'), (await cache.getMany(['key'])).size]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    expect(await cache.entry('key')).toMatchObject({ value: 'old', state: 'stale', ageMs: 10 });
    await clock.advance(999);
    const load = counted(fail);
    expect(await cache.get('key', load)).toBe('old');
    await clock.advance(4_000);
    expect(await cache.get('key', load)).toBe('old');
    await clock.advance(1);
    await expect(cache.get('key', load)).rejects.toThrow('source down');
  });

  it('is gone at once without stale times', async () => {
    const { cache } = setUpL2({ ttlMs: 600_000 });
    await cache.set('key', 'old');
    await cache.expire('key');

    await expect(cache.get('key', fail)).rejects.toThrow('source down');
  });

  it('stays expired in a lower tier, for whoever reads it there and after a restart', async () => {
    const rig = setUpL2(stale);
    await rig.cache.set('key', 'old');
    await rig.clock.advance(10);
    await rig.cache.expire('key');
    await rig.clock.advance(10);
    const other = neighbour(rig, { ...stale, l3: undefined });

    expect(await other.get('key')).toBeUndefined();
    expect(await other.get('key', fail)).toBe('old');
    await rig.clock.advance(4_990);
    await expect(other.get('key', fail)).rejects.toThrow('source down');
  });

  it('keeps its earlier end when it is expired again, or too late', async () => {
    const { cache, clock } = setUp({ ...alone, ...stale, ttlMs: 100 });
    await cache.set('twice', 'old');
    await cache.set('late', 'old');
    await cache.expire('twice');
    await clock.advance(150);
    await cache.expire('twice');
    await cache.expire('late');
    await clock.advance(4_849);
    expect([await cache.get('twice', fail), await cache.get('late', fail)]).toEqual(['old', 'old']);

    await clock.advance(1);
    await expect(cache.get('twice', fail)).rejects.toThrow('source down');
    await clock.advance(99);
    expect(await cache.get('late', fail)).toBe('old');
    await clock.advance(1);
    await expect(cache.get('late', fail)).rejects.toThrow('source down');
  });

  it('does not let a load that began before store its value as fresh', async () => {
    const { cache, clock } = setUpL2(stale);
    let truth = 'old';
    const load = async (): Promise<string> => {
      const read = truth;
      await new Promise<void>((resolve) => void clock.schedule(resolve, 50));
      return read;
    };
    const early = cache.get('key', load);
    await clock.advance(10);
    truth = 'new';
    await cache.expire('key');
    const late = cache.get('key', load);
    await clock.advance(100);

    expect([await early, await late, cache.peek('key')]).toEqual(['old', 'new', 'new']);
  });

  it('may be nothing at all', async () => {
    const { cache } = setUpL2(stale);

    expect(await cache.expire('key')).toEqual({ l1: 'applied', l2: 'applied' });
    expect(await cache.entry('key')).toBeUndefined();
  });
});
