import type { TierLevel } from './events.ts';

/** What one cache has counted. Plain fields, so that counting on the hot path is one addition. */
export class Counts {
  l1Hit = 0;
  l2Hit = 0;
  l3Hit = 0;
  staleHit = 0;
  loaded = 0;
  miss = 0;
  error = 0;
  l1Miss = 0;
  loadSuccess = 0;
  loadFailure = 0;
  refreshSuccess = 0;
  refreshFailure = 0;
  revalidating = 0;
  loadError = 0;
  unverified = 0;
  gaps = 0;
  epochs = 0;
  changes = 0;
  fillRefused = 0;
  slidesExtended = 0;
  slidesRefused = 0;
  readonly leases: Record<'granted' | 'stored' | 'busy' | 'settling' | 'unavailable', number> = {
    granted: 0,
    stored: 0,
    busy: 0,
    settling: 0,
    unavailable: 0,
  };

  /** Counts a hit of a tier. Spelled out, as putting the name of a field together costs more than counting. */
  hit(level: TierLevel): void {
    if (level === 'l1') this.l1Hit += 1;
    else if (level === 'l2') this.l2Hit += 1;
    else this.l3Hit += 1;
  }
}
