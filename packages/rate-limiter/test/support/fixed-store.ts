import type { Ledger, RateLimitStore, Verdict } from '@holdfast/rate-limiter';

/** A store that counts nothing: it decides as it is told, and passes on what it is asked to adjust. */
export function fixedStore(
  decide: Ledger['decide'] | Verdict,
  adjust: Ledger['adjust'] = () => undefined,
): RateLimitStore {
  const ledger: Ledger = {
    decide: typeof decide === 'function' ? decide : () => decide,
    adjust,
    penalize: () => undefined,
    block: () => undefined,
    reset: () => undefined,
    trackedSubjects: 0,
  };
  return { open: () => ledger };
}
