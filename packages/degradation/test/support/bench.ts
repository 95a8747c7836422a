import { ManualClock } from '@holdfast/core/testing';
import { Degradation, type DegradationEvent, type DegradationOptions } from '@holdfast/degradation';

export const sampleMs = 250;

/** No smoothing, so that a test says the score itself; no jitter, so that it knows when steps end. */
const plain = { smoothing: { upHalfLifeMs: 0, downHalfLifeMs: 0 }, random: () => 0.5 };

/** A degradation whose score a test sets, sample by sample. */
export class Bench<Name extends string = string> {
  readonly clock = new ManualClock();
  readonly events: DegradationEvent[] = [];
  readonly degradation: Degradation<Name>;
  score = 0;

  constructor(options: Partial<DegradationOptions<Name>> = {}) {
    const signals = [{ name: 'load', kind: 'queueing', read: () => this.score } as const];
    this.degradation = new Degradation<Name>({ signals, ...plain, clock: this.clock, ...options }).start();
    this.degradation.events.subscribe((event) => this.events.push(event));
  }

  /** Takes `samples` samples of `score`. */
  hold(score: number, samples: number): void {
    this.score = score;
    for (let i = 0; i < samples; i += 1) this.clock.advanceSync(sampleMs);
  }

  holdMs(score: number, ms: number): void {
    this.hold(score, ms / sampleMs);
  }

  /** What the events of these types say, without their common fields. */
  told(...types: DegradationEvent['type'][]): string[] {
    return this.events.filter(({ type }) => types.includes(type)).map(brief);
  }
}

function brief(event: DegradationEvent): string {
  switch (event.type) {
    case 'level-changed':
      return `${event.from} to ${event.to}`;
    case 'feature-disabled':
    case 'feature-restored':
    case 'feature-rolled-back':
      return `${event.feature} ${event.type.slice('feature-'.length)}`;
    case 'feature-probing':
      return `${event.feature} probing ${event.shareRatio}`;
    case 'signal-lost':
    case 'signal-recovered':
      return `${event.signal} ${event.type.slice('signal-'.length)}`;
    case 'override-set':
    case 'override-ended':
      return `${event.level} ${event.type === 'override-set' ? 'set' : event.reason}`;
    case 'feature-override-set':
      return `${event.feature} ${event.setting}`;
    case 'feature-override-ended':
      return `${event.feature} ${event.setting} ${event.reason}`;
    case 'admission-started':
    case 'admission-refused':
    case 'admission-stopped':
      return event.type;
  }
}
