import { settle } from '@holdfast/core/testing';
import { Dedupe } from '@holdfast/dedupe';
import { describe, expect, it } from 'vitest';

import { Backend } from './model/backend.ts';

describe('a dedupe through which many flights pass', () => {
  it('still has each one that is under way, and none that has ended', async () => {
    const dedupe = new Dedupe();
    const backend = new Backend();
    const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
    const ask = (key: string): void => void dedupe.run(key, backend.operation);
    for (const key of keys) ask(key);

    for (let ended = 0; ended < 900; ended += 1) backend.flights[ended]?.resolve('value');
    await settle();
    expect(dedupe.inFlight).toBe(100);
    for (const key of keys) ask(key);

    expect(dedupe.inFlight).toBe(1_000);
    expect(dedupe.statistics().calls).toEqual({ leader: 1_900, follower: 100 });
  });
});
