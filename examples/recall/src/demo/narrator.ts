import { type Clock, systemClock } from '@holdfast/core';
import type { Service } from '../service/service.ts';

/** Says what happens when it happens: everything that changes the state of the service, and nothing per request. */
export class Narrator implements Disposable {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #write: (line: string) => void;
  readonly #told = new Map<string, number>();
  #leave: (() => void)[] = [];

  constructor(write: (line: string) => void, clock: Clock = systemClock) {
    this.#write = write;
    this.#clock = clock;
    this.#startedAt = clock.now();
  }

  /** The kinds of things that were told so far, such as `breaker opened`, with when they last were, in milliseconds of the tour. */
  get told(): ReadonlyMap<string, number> {
    return this.#told;
  }

  /** Milliseconds since the tour began. */
  get elapsedMs(): number {
    return this.#clock.now() - this.#startedAt;
  }

  say(text: string): void {
    const seconds = (this.elapsedMs / 1_000).toFixed(1).padStart(5);
    this.#write(`${seconds} s  ${text}`);
  }

  watch({ policies, degradation, caches, monitoring }: Service): void {
    const { breaker } = policies.embedding;
    this.#leave = [
      breaker.events.subscribe((event) => {
        if (event.type === 'opened')
          this.#tell('breaker opened', `${event.reason}, for ${(event.openForMs / 1_000).toFixed(1)} s`);
        if (event.type === 'half-opened') this.#tell('breaker half-opened', 'a few calls may try');
        if (event.type === 'closed') this.#tell('breaker closed', event.reason);
      }),
      degradation.events.subscribe((event) => {
        if (event.type === 'level-changed')
          this.#tell('level changed', `${event.from} → ${event.to}, because of ${event.top}`);
        if (event.type === 'feature-disabled') this.#tell('feature off', event.feature);
        if (event.type === 'feature-probing')
          this.#tell('feature probing', `${event.feature}, for ${event.shareRatio * 100} % of users`);
        if (event.type === 'feature-restored') this.#tell('feature on', event.feature);
        if (event.type === 'feature-rolled-back') this.#tell('feature rolled back', event.feature);
        if (event.type === 'admission-started')
          this.#tell('shedding started', 'the least critical calls first');
        if (event.type === 'admission-stopped')
          this.#tell('shedding stopped', `${sum(event.refused)} calls refused`);
      }),
      caches.answers.events.subscribe((event) => {
        if (event.type === 'tier-failed' || event.type === 'tier-recovered')
          this.#tell(event.type, event.tier);
      }),
      monitoring.alerts.events.subscribe((event) => {
        if (event.type === 'fired' || event.type === 'resolved')
          this.#tell(`alert ${event.type}`, event.alert.rule);
      }),
    ];
  }

  [Symbol.dispose](): void {
    for (const leave of this.#leave) leave();
    this.#leave = [];
  }

  #tell(kind: string, detail: string): void {
    this.#told.set(kind, this.elapsedMs);
    this.say(`    ${kind}: ${detail}`);
  }
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, count) => all + count, 0);
