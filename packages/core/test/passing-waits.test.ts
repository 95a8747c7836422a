import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CancellationSource } from '@holdfast/core';
import { expect, it } from 'vitest';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

/** By how many bytes the old generation grows while waits that hold a kilobyte each come and go. */
function promotedBytes(wait: (listener: () => void) => () => unknown): number {
  const oldBytes = (): number =>
    getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space')?.space_used_size ?? 0;
  // What is waited for is old, as that by which a service shuts down.
  collect();
  collect();
  const before = oldBytes();
  for (let round = 0; round < 400; round += 1) {
    const leave = Array.from({ length: 100 }, () => {
      const held = Array.from({ length: 128 }, () => round);
      return wait(() => held.length);
    });
    for (const each of leave) each();
    collect({ type: 'minor' });
  }
  return oldBytes() - before;
}

it('lets go of whoever no longer waits for a cancellation without a full collection, as a set does not', () => {
  const source = new CancellationSource();
  const set = new Set<() => void>();

  const ours = promotedBytes((listener) => source.onCancel(listener));
  const plain = promotedBytes((listener) => {
    set.add(listener);
    return () => set.delete(listener);
  });

  expect(plain).toBeGreaterThan(10_000_000);
  expect(ours).toBeLessThan(plain / 10);
});
