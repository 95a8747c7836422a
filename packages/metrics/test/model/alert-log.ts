import type { AlertState } from '@holdfast/metrics/alerts';

/** Whether the value was bad at some instant, by each of the two limits. */
export interface Verdict {
  readonly at: number;
  readonly pastThreshold: boolean;
  readonly pastClear: boolean;
}

/** What the state must be at the end of a log, found by going through all of it each time. */
export function stateAfter(log: readonly Verdict[], forMs: number, keepFiringForMs: number): AlertState {
  let state: AlertState = 'inactive';
  for (const [index, { at }] of log.entries()) {
    const past = log.slice(0, index + 1);
    if (state === 'firing') {
      const goodSince = sinceWhen(past, ({ pastClear }) => !pastClear);
      if (goodSince !== undefined && at - goodSince >= keepFiringForMs) state = 'resolved';
      continue;
    }
    const badSince = sinceWhen(past, ({ pastThreshold }) => pastThreshold);
    if (badSince !== undefined) state = at - badSince >= forMs ? 'firing' : 'pending';
    else if (state === 'pending') state = 'inactive';
  }
  return state;
}

/** Since when something has held without a break, up to the end; `undefined` if it does not hold at the end. */
function sinceWhen(log: readonly Verdict[], holds: (verdict: Verdict) => boolean): number | undefined {
  const lastBreak = log.findLastIndex((verdict) => !holds(verdict));
  return log[lastBreak + 1]?.at;
}
