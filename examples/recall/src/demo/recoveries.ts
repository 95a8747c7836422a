import type { Narrator } from './narrator.ts';
import type { PhaseResult } from './phase-result.ts';

/** How long the service took to be whole again, once what hurt it was over. */
export function recoveries(results: readonly PhaseResult[], { told }: Narrator): readonly string[] {
  const since = (phase: string, kind: string): string => {
    const startedAtMs = results.find(({ name }) => name === phase)?.startedAtMs ?? Number.NaN;
    const tookMs = (told.get(kind) ?? Number.NaN) - startedAtMs;
    return tookMs > 0 ? `${(tookMs / 1_000).toFixed(1)} s after` : 'not after';
  };
  return [
    `Recovered: the breaker closed ${since('back', 'breaker closed')} the embedding service was back.`,
    told.has('feature off')
      ? `Recovered: the last feature came back ${since('recovery', 'feature on')} the overload was over.`
      : 'This machine carried all that the limits let through: no feature had to be switched off.',
  ];
}
