import type { TieredCacheEvent } from '../events.ts';
import type { TierChange } from './options.ts';
import { reasonOf } from './probe.ts';

/** Tells of each tier that goes down or comes back, once, whichever of its parts is noticed first. */
export class TierChanges {
  readonly #down = new Set<TierChange['tier']>();

  /** What an event says of a tier; `undefined` if that is known already, or nothing. */
  changeIn(event: TieredCacheEvent): TierChange | undefined {
    if (event.type === 'tier-failed') return this.#goDown(event.tier, event.error);
    if (event.type === 'tier-recovered') return this.#comeBack(event.tier);
    if (event.type === 'log-lost') return this.#goDown('l2', event.error);
    return event.type === 'log-found' ? this.#comeBack('l2') : undefined;
  }

  #goDown(tier: TierChange['tier'], error: unknown): TierChange | undefined {
    if (this.#down.has(tier)) return undefined;
    this.#down.add(tier);
    return { tier, status: 'down', error: reasonOf(error) };
  }

  #comeBack(tier: TierChange['tier']): TierChange | undefined {
    return this.#down.delete(tier) ? { tier, status: 'up' } : undefined;
  }
}
