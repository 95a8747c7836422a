import { InFlight } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';

describe('InFlight', () => {
  it('reads the calls under way as a share of the limit', async () => {
    const inFlight = new InFlight({ limit: 4 });
    const { promise, resolve } = Promise.withResolvers<string>();
    const one = inFlight.execute(() => promise);
    const two = inFlight.enter();

    expect(inFlight).toMatchObject({ name: 'inFlight', kind: 'queueing', running: 2 });
    expect(inFlight.read()).toBe(0.5);

    two[Symbol.dispose]();
    two[Symbol.dispose]();
    expect(inFlight.read()).toBe(0.25);
    resolve('done');
    expect(await one).toBe('done');
    expect(inFlight.read()).toBe(0);
  });

  it('counts no more what has failed', async () => {
    const inFlight = new InFlight({ limit: 1 });
    const broken = new Error('broken');
    await expect(
      inFlight.execute(() => {
        throw broken;
      }),
    ).rejects.toBe(broken);
    await expect(inFlight.execute(() => Promise.reject(broken))).rejects.toBe(broken);

    expect(inFlight.running).toBe(0);
  });

  it('starts nothing for a cancelled call', async () => {
    const inFlight = new InFlight({ limit: 1 });
    const signal = AbortSignal.abort(new Error('gone'));

    await expect(inFlight.execute(() => 1, { signal })).rejects.toThrow('gone');
    expect(inFlight.running).toBe(0);
  });

  it('asks for a limit that is found while it runs', () => {
    let limit = 10;
    const inFlight = new InFlight({ name: 'api', limit: () => limit });
    inFlight.enter();
    expect(inFlight.read()).toBe(0.1);
    limit = 2;

    expect(inFlight.read()).toBe(0.5);
  });

  it.each<[object, string]>([
    [{ limit: 0 }, 'limit must be a finite number of at least 1'],
    [{}, 'limit must be'],
    [{ limit: 1, name: '' }, 'name must be'],
  ])('refuses %j', (options, message) => {
    expect(() => new InFlight(options as { limit: number })).toThrow(message);
  });
});
