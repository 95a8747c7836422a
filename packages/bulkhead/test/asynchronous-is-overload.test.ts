import { Bulkhead } from '@holdfast/bulkhead';
import { ManualClock, settle } from '@holdfast/core/testing';
import { expect, it } from 'vitest';

it('takes no error for overload, and survives, where isOverload is asynchronous by mistake', async () => {
  const clock = new ManualClock();
  const isOverload = (() => Promise.reject(new Error('cannot tell'))) as unknown as () => boolean;
  const bulkhead = new Bulkhead({ limit: { initial: 10, windowMs: 1, minSamples: 1 }, isOverload, clock });

  for (let call = 0; call < 3; call += 1) {
    const failing = bulkhead.execute(() => Promise.reject(new Error('failed')));
    await expect(failing).rejects.toThrow('failed');
    await clock.advance(1);
  }
  await settle();

  expect(bulkhead.limit).toBe(10);
});
