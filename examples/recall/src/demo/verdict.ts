import type { PhaseResult } from './phase-result.ts';

/** What the tour is there to show, as questions with an answer. A demo that showed something else has failed. */
export function shortcomings(
  results: readonly PhaseResult[],
  told: ReadonlyMap<string, number>,
): readonly string[] {
  const phase = (name: string): PhaseResult | undefined => results.find((result) => result.name === name);
  const total = (of: (result: PhaseResult) => number): number =>
    results.reduce((sum, result) => sum + of(result), 0);
  const expectations: readonly (readonly [held: boolean, otherwise: string])[] = [
    [total(({ failed }) => failed) === 0, 'a request failed with an error of the service'],
    [(phase('warm')?.lookups.l1Hit ?? 0) > 0, 'no answer came from memory'],
    [told.has('breaker opened'), 'the breaker did not open'],
    [told.has('breaker closed'), 'the breaker did not close again'],
    [(phase('outage')?.lookups.staleHit ?? 0) > 0, 'no stale answer stood in during the outage'],
    [(phase('overload')?.limited ?? 0) > 0, 'no request was over a limit in the overload'],
    // A machine fast enough carries what the limits let through, and has nothing to switch off.
    [!told.has('level changed') || told.has('feature off'), 'no feature was switched off'],
    [!told.has('feature off') || told.has('feature on'), 'no feature came back'],
  ];
  return expectations.filter(([held]) => !held).map(([, otherwise]) => otherwise);
}
