import { InvalidOptionError, ratio as checkRatio, text } from '@holdfast/core';
import type { Signal } from '../signal.ts';
import { ratio } from './ratio.ts';

/** What is read of a circuit breaker. */
export interface CircuitLike {
  statistics(): { readonly state: string };
}

/** What is read of a bulkhead or a pool. */
export interface QueueLike {
  readonly name: string;
  statistics(): {
    readonly running: number;
    readonly queued: number;
    readonly limit: number;
    readonly queueLimit: number;
  };
}

export interface OpenCircuitsOptions {
  /** Defaults to `'openCircuits'`. */
  readonly name?: string | undefined;
  /** Share of open circuits that counts as 1; over 0. Defaults to 0.5. */
  readonly full?: number | undefined;
}

/** Share of the circuits that are open or isolated. The list may grow and shrink while the service runs. */
export function openCircuits(circuits: Iterable<CircuitLike>, options: OpenCircuitsOptions = {}): Signal {
  if (typeof (circuits as Iterable<CircuitLike> | undefined)?.[Symbol.iterator] !== 'function')
    throw new InvalidOptionError('circuits', 'a list of circuit breakers', circuits);
  const full = checkRatio('full', options.full ?? 0.5, 'over');
  return ratio(text('name', options.name ?? 'openCircuits'), () => {
    let [all, open] = [0, 0];
    for (const circuit of circuits) {
      const { state } = circuit.statistics();
      all += 1;
      if (state === 'open' || state === 'isolated') open += 1;
    }
    return all === 0 ? 0 : open / all / full;
  });
}

/** How full a bulkhead is, its queue included: 1 when the next caller is refused. */
export function poolUse(pool: QueueLike): Signal {
  return ratio(pool.name, () => {
    const { running, queued, limit, queueLimit } = pool.statistics();
    return (running + queued) / (limit + queueLimit);
  });
}
