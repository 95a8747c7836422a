import type { Policy } from '@holdfast/core';

import { Backend } from './backend.ts';
import { EventClock } from './event-clock.ts';
import { exponentialFrom, randomFrom } from './random.ts';

/** The mean time that the backend works on a request while it is not slowed down, in milliseconds. */
export const meanServiceMs = 50;

/** How long a client waits for its answer; it does not say so to anybody. */
const patienceMs = 1_000;

export interface Phase {
  readonly name: string;
  readonly seconds: number;
  /** Requests, as a multiple of what the backend can answer while it is not slowed down. */
  readonly load: number;
  /** Factor on the time that the backend takes; 1 unless given. */
  readonly slowness?: number | undefined;
}

export interface PhaseResult {
  readonly name: string;
  /** Answers that came in time, of the requests of the phase. */
  readonly goodRatio: number;
  /** The same, of what the backend could have answered at most. */
  readonly usedRatio: number;
  /** Time to the answer, of answers that came in time, in milliseconds: half were faster. */
  readonly medianMs: number;
  /** `observe()` at the end of the phase. */
  readonly observed: number;
}

export interface Setup {
  /** What the backend works on at once. */
  readonly workers: number;
  readonly seed: number;
  /** Stands between the clients and the backend. */
  readonly policy: (clock: EventClock) => Policy;
  readonly phases: readonly Phase[];
  readonly observe?: ((policy: Policy) => number) | undefined;
  /** Told every simulated second. */
  readonly onSecond?: ((policy: Policy) => void) | undefined;
}

interface Count {
  asked: number;
  readonly tookMs: number[];
}

/** Clients that come at random, each on its own, and a backend behind a policy. The same setup gives the same results. */
export async function simulate(setup: Setup): Promise<readonly PhaseResult[]> {
  const clock = new EventClock();
  const exponential = exponentialFrom(randomFrom(setup.seed));
  const backend = new Backend(setup.workers, clock, exponentialFrom(randomFrom(setup.seed + 1)));
  const policy = setup.policy(clock);
  const capacity = setup.workers / meanServiceMs;
  const results: PhaseResult[] = [];

  for (const { name, seconds, load, slowness = 1 } of setup.phases) {
    const count: Count = { asked: 0, tookMs: [] };
    const until = clock.now() + seconds * 1_000;
    backend.slowness = slowness;
    clock.schedule(arrive, exponential(1 / (capacity * load)));
    while (clock.now() < until) {
      await clock.runUntil(Math.min(clock.now() + 1_000, until));
      setup.onSecond?.(policy);
    }
    const sorted = count.tookMs.toSorted((one, other) => one - other);
    const possible = Math.min(count.asked, (capacity / slowness) * seconds * 1_000);
    results.push({
      name,
      goodRatio: sorted.length / count.asked,
      usedRatio: sorted.length / possible,
      medianMs: sorted[Math.floor(sorted.length / 2)] ?? Infinity,
      observed: setup.observe?.(policy) ?? 0,
    });

    function arrive(): void {
      if (clock.now() >= until) return;
      clock.schedule(arrive, exponential(1 / (capacity * load)));
      const at = clock.now();
      count.asked += 1;
      policy.execute(backend.serve).then(
        () => clock.now() - at <= patienceMs && count.tookMs.push(clock.now() - at),
        () => undefined,
      );
    }
  }
  return results;
}
