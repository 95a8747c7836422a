import type { Clock } from '@holdfast/core';

import type { Authority } from './authority.ts';
import { Invalidations } from './invalidations.ts';
import { type Position, positionAt } from './position.ts';
import { Trust } from './trust.ts';

/**
 * Positions for a cache whose tiers have no log: wall-clock time, counted on where the clock stands still or goes back.
 * They order what this process does; what others do to a shared tier is ordered as well as their clocks agree.
 */
export class LocalAuthority implements Authority {
  readonly invalidations: Invalidations = new Invalidations(new Trust(Infinity));
  readonly isReady: boolean = true;
  readonly #clock: Clock;
  #last: Position;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#last = positionAt(clock.epoch());
    const state = { epoch: 0n, cleared: 0n, tagFloor: 0n };
    this.invalidations.begin(state, this.#last);
  }

  born(): Position {
    const now = positionAt(this.#clock.epoch());
    if (now > this.#last) this.#last = now;
    return this.#last;
  }

  /** The position of something that happens now. */
  next(): Position {
    this.#last = this.born() + 1n;
    return this.#last;
  }

  ready(): Promise<boolean> {
    return Promise.resolve(true);
  }

  [Symbol.dispose](): void {
    // Holds nothing.
  }
}
