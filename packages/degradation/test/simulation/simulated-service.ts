import { ManualClock } from '@holdfast/core/testing';
import { Degradation, presets, QueueWait, type RecoveryOptions } from '@holdfast/degradation';

export type Criticality = 'critical' | 'normal' | 'sheddable';

/** What became of a call of the simulated service. */
export interface Call {
  readonly criticality: Criticality;
  readonly atMs: number;
  readonly latencyMs: number;
  readonly admitted: boolean;
}

export interface Simulation {
  readonly degraded: boolean;
  /** Calls per second, from each second on. */
  readonly load: (second: number) => number;
  readonly seconds: number;
  readonly recovery?: RecoveryOptions | undefined;
}

/** CPU of an answer, of a feature in it, and of a refusal. */
const [answerMs, featureMs, refusalMs] = [4, 0.5, 0.1];
/** Answers a second with everything on. */
export const capacity: number = 1_000 / (answerMs + 4 * featureMs * 0.8);
/** Of five calls one is critical, two are normal and two sheddable. Critical ones use no features. */
const mix: readonly Criticality[] = ['critical', 'normal', 'normal', 'sheddable', 'sheddable'];

export interface Outcome {
  readonly calls: readonly Call[];
  /** Of each second. */
  readonly levels: readonly number[];
  /** Features in the order in which they came back. */
  readonly restored: readonly string[];
}

/** One thread that takes calls in the order in which they come, on a clock that stands still but for its work. */
export function simulate({ degraded, load, seconds, recovery }: Simulation): Outcome {
  const clock = new ManualClock();
  const wait = new QueueWait();
  const degradation = new Degradation({
    ...presets.phase2,
    signals: [wait],
    clock,
    recovery,
    random: () => 0.5,
  });
  const features = presets.phase2.features.map(({ name }) => name);
  const restored: string[] = [];
  degradation.events.subscribe((event) => {
    if (event.type === 'feature-restored') restored.push(event.feature);
  });
  if (degraded) degradation.start();
  const random = randomOf(7);
  const calls: Call[] = [];
  const levels: number[] = [];
  let atMs = 0;
  while (atMs < seconds * 1_000) {
    atMs += (-Math.log(1 - random()) * 1_000) / load(Math.floor(atMs / 1_000));
    if (clock.now() < atMs) clock.advanceSync(atMs - clock.now());
    wait.record(clock.now() - atMs);
    const criticality = mix[Math.floor(random() * mix.length)] ?? 'normal';
    const user = `user-${Math.floor(random() * 1_000)}`;
    const { admitted } = degradation.admit(criticality, user);
    const extras =
      criticality === 'critical' ? [] : features.filter((name) => degradation.isEnabled(name, user));
    clock.advanceSync(admitted ? answerMs + featureMs * extras.length : refusalMs);
    calls.push({ criticality, atMs, latencyMs: clock.now() - atMs, admitted });
    levels[Math.floor(atMs / 1_000)] = degradation.statistics().level;
  }
  return { calls, levels, restored };
}

/** Numbers from 0 to 1, the same ones for the same seed (Park and Miller, 1988). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
