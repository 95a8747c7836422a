import type { Place } from '../../../../packages/tiered-cache/src/memory/eviction/queue.ts';
import type { Placed } from '../../../../packages/tiered-cache/src/memory/eviction/record-table.ts';
import type { Trace } from './trace.ts';

export class Held implements Placed<Held> {
  readonly diesAt: number;
  used: boolean = false;
  place: Place<Held> | undefined;

  constructor(diesAt: number) {
    this.diesAt = diesAt;
  }
}

/** What a policy does for a cache. */
export interface Store {
  get(key: string): Held | undefined;
  set(key: string, held: Held, bytes: number): unknown;
  delete(key: string): unknown;
}

/** The number of the ask that a replay has come to. */
export interface AskClock {
  now: number;
}

/** Share of the reads that hit. What is not found, or dead, is written. */
export function replay(
  store: Store,
  { keys, deletions, diesAt, bytes }: Trace,
  names: readonly string[],
  clock: AskClock,
): number {
  let [hits, reads] = [0, 0];
  for (let ask = 0; ask < keys.length; ask += 1) {
    clock.now = ask;
    const number = keys[ask] ?? 0;
    const name = names[number] ?? '';
    if (deletions?.[ask] === 1) {
      store.delete(name);
      continue;
    }
    reads += 1;
    const held = store.get(name);
    if (held !== undefined && held.diesAt > ask) {
      hits += 1;
      continue;
    }
    if (held !== undefined) store.delete(name);
    store.set(name, new Held(diesAt?.[ask] ?? Infinity), bytes?.[number] ?? 1);
  }
  return hits / reads;
}

export function namesOf({ distinct }: Trace): readonly string[] {
  return Array.from({ length: distinct }, (_, number) => `user:${number}`);
}
