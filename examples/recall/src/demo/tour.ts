import type { Service } from '../service/service.ts';
import type { Child } from './child.ts';
import type { LoadPhase, PhaseMeasurement } from './load-phase.ts';
import type { Narrator } from './narrator.ts';
import { lookupsBetween, type PhaseResult } from './phase-result.ts';
import type { DemoUpstream } from './upstream.ts';

interface Stop extends LoadPhase {
  /** Said when the phase begins. */
  readonly text: string;
  /** Done to the upstream when the phase begins. */
  readonly upstream?: 'healthy' | 'failing';
}

const usual = { ratePerSecond: 60, spread: 'popular' } as const;

const stops: readonly Stop[] = [
  { ...usual, name: 'cold', durationMs: 4_000, text: 'Nothing is cached yet.' },
  { ...usual, name: 'warm', durationMs: 8_000, text: 'Popular answers come from memory now.' },
  {
    ...usual,
    name: 'outage',
    durationMs: 8_000,
    upstream: 'failing',
    text: 'The embedding service answers 500 from now on.',
  },
  {
    ...usual,
    name: 'back',
    durationMs: 6_000,
    upstream: 'healthy',
    text: 'The embedding service works again.',
  },
  {
    name: 'overload',
    durationMs: 7_000,
    ratePerSecond: 600,
    spread: 'wide',
    text: 'Ten times the load, and hardly two requests alike.',
  },
  { ...usual, name: 'recovery', durationMs: 9_000, text: 'The load is as before.' },
];

interface TourParts {
  readonly service: Service;
  readonly upstream: DemoUpstream;
  readonly load: Child;
  readonly narrator: Narrator;
}

/** Takes the service through an outage and an overload, under load all the time, and measures each phase. */
export async function runTour({
  service,
  upstream,
  load,
  narrator,
}: TourParts): Promise<readonly PhaseResult[]> {
  const results: PhaseResult[] = [];
  for (const { text, upstream: position, ...phase } of stops) {
    if (position !== undefined) await upstream.turn(position);
    narrator.say(`${phase.name.toUpperCase()}: ${text}`);
    const before = service.caches.answers.statistics().lookups;
    const startedAtMs = narrator.elapsedMs;
    load.send({ phase });
    const measured = (await load.message()) as PhaseMeasurement;
    const lookups = lookupsBetween(before, service.caches.answers.statistics().lookups);
    results.push({ name: phase.name, startedAtMs, lookups, ...measured });
    narrator.say(`    ${summary(measured)}`);
  }
  return results;
}

function summary({
  requests,
  answered,
  p50Ms,
  p99Ms,
  degraded,
  limited,
  shed,
  failed,
}: PhaseMeasurement): string {
  const parts = [
    `${answered} of ${requests} answered`,
    `half within ${p50Ms.toFixed(1)} ms, 99 % within ${p99Ms.toFixed(0)} ms`,
    degraded > 0 && `${degraded} degraded`,
    limited > 0 && `${limited} over a limit`,
    shed > 0 && `${shed} shed`,
    failed > 0 && `${failed} FAILED`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}
