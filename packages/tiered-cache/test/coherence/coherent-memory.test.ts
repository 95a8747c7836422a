import { ManualClock } from '@holdfast/core/testing';
import { describe } from 'vitest';

import { coherentStoreContract } from '../contract/coherent-store-contract.ts';
import { CoherentMemory } from './coherent-memory.ts';
import { CoherentMemoryStore } from './coherent-memory-store.ts';

// The fleets of these tests prove something only if their server is what the caches are promised.
describe('the scripted server', () => {
  for (const [title, split] of [
    ['with keys and log in one place', false],
    ['with keys and log in two places', true],
  ] as const)
    coherentStoreContract(title, () => {
      const clock = new ManualClock();
      const server = new CoherentMemory(clock, { split });
      return { open: () => new CoherentMemoryStore(server), pass: (ms) => clock.advance(ms) };
    });
});
