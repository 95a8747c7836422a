import { layout } from '../../src/entry/layout.ts';
import type { CoherentMemory } from './coherent-memory.ts';

/** What a server may lose by itself: by eviction, by a restart or by the hand of an operator. */
export type Loss = 'loseValues' | 'loseLeases' | 'loseTags' | 'loseLog' | 'loseState' | 'loseEverything';

export const losses: readonly Loss[] = [
  'loseValues',
  'loseLeases',
  'loseTags',
  'loseLog',
  'loseState',
  'loseEverything',
];

export function lose(server: CoherentMemory, loss: Loss): void {
  // Without its tombstone a deletion cannot refuse what is older.
  if (loss === 'loseValues')
    for (const [key, { value }] of server.values)
      if (value[layout.kindAt] !== layout.tombstone) server.values.delete(key);
  if (loss === 'loseLeases')
    for (const [key, { value }] of server.leases) if (value !== 'hold') server.leases.delete(key);
  if (loss === 'loseTags') server.loseTags();
  if (loss === 'loseLog') server.log = [];
  if (loss === 'loseState') server.loseState();
  if (loss === 'loseEverything') server.flush();
}
