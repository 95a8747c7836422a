import {
  CircuitBreaker,
  type CircuitBreakerEvent,
  type CircuitBreakerSnapshot,
  type Permit,
} from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';

import { ReferenceBreaker, type ReferenceOptions, type ReferenceTicket } from './reference-breaker.ts';

export type Step =
  | { readonly do: 'admit' | 'isolate' | 'dispose' | 'reset' | 'suspect' | 'restart' }
  | { readonly do: 'end'; readonly pick: number; readonly result: 'success' | 'failure' | 'ignore' }
  | { readonly do: 'wait' | 'shift'; readonly ms: number };

const halfOpen = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.nat(3), fc.constantFrom(1, 50, 100))
  .map(([calls, failures, leaseMs]) => ({ calls, maxFailures: failures % calls, leaseMs }));

const countWindow = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 5 }))
  .map(([calls, minCalls]) => ({ window: { calls }, minCalls: Math.min(calls, minCalls) }));

const timeWindow = fc.record({
  window: fc.record({
    durationMs: fc.constantFrom(50, 100, 1_000),
    buckets: fc.integer({ min: 1, max: 10 }),
  }),
  minCalls: fc.integer({ min: 1, max: 5 }),
});

// Even open times and draws at the edges keep all instants whole, so that both sides add without rounding.
const terms = fc.record({
  failureRatio: fc.constantFrom(0.25, 0.5, 1),
  slow: fc.option(fc.record({ afterMs: fc.constantFrom(1, 50), ratio: fc.constantFrom(0.5, 1) }), {
    nil: undefined,
  }),
  openForMs: fc.constantFrom(0, 2, 100),
  maxOpenForMs: fc.constantFrom(100, 200, 1_000),
  jitterRatio: fc.constantFrom(0, 0.5),
  drawn: fc.constantFrom(0, 0.5, 1),
  stableForMs: fc.constantFrom(0, 50, 1_000),
  halfOpen,
});

export const someOptions: fc.Arbitrary<ReferenceOptions> = fc
  .tuple(terms, fc.oneof(countWindow, timeWindow))
  .map(([rest, judged]) => Object.assign(rest, judged));

const admit = fc.constant<Step>({ do: 'admit' });
const operate = fc.constantFrom<Step>(
  { do: 'isolate' },
  { do: 'dispose' },
  { do: 'reset' },
  { do: 'suspect' },
);
const shift = fc.integer().map((ms): Step => ({ do: 'shift', ms }));
const wait = fc
  .oneof(fc.constantFrom(1, 49, 50, 51, 99, 100, 101, 10_000), fc.nat(200))
  .map((ms): Step => ({ do: 'wait', ms }));

const end = (...results: readonly ('success' | 'failure' | 'ignore')[]): fc.Arbitrary<Step> =>
  fc
    .tuple(fc.nat(20), fc.constantFrom(...results))
    .map(([pick, result]): Step => ({ do: 'end', pick, result }));

const long = { maxLength: 150, size: 'max' } as const;

/** Anything that can happen to a breaker, failures twice as often as the rest. */
export const someSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: admit },
    { weight: 6, arbitrary: end('success', 'failure', 'failure', 'ignore') },
    { weight: 4, arbitrary: wait },
    { weight: 1, arbitrary: shift },
    { weight: 1, arbitrary: operate },
  ),
  long,
);

/** The same with restarts of the process. */
export const stepsWithRestarts: fc.Arbitrary<Step[]> = someSteps.chain((steps) =>
  fc.array(fc.nat(steps.length), { maxLength: 4 }).map((places) => {
    const mixed = Array.from(steps);
    for (const place of places) mixed.splice(place, 0, { do: 'restart' });
    return mixed;
  }),
);

/** Calls of which none says anything about the dependency. */
export const neutralSteps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(admit, end('ignore'), wait), long);

/** What both sides show. */
const facts = (side: CircuitBreaker | ReferenceBreaker): object => {
  const { calls, slowCalls, windowCalls, failureRatio, openMs } =
    side instanceof CircuitBreaker ? side.statistics() : side;
  const { state, admitting, retryAfterMs } = side;
  return { state, admitting, retryAfterMs, calls, slowCalls, windowCalls, failureRatio, openMs };
};

function lastingFacts(side: CircuitBreaker | ReferenceBreaker): object {
  const { windowCalls, failureRatio } = side instanceof CircuitBreaker ? side.statistics() : side;
  const { state, admitting, retryAfterMs } = side;
  return { state, admitting, retryAfterMs, windowCalls, failureRatio };
}

/** A breaker and the reference, taken through the same steps. */
export class Pair {
  readonly clock: ManualClock = new ManualClock();
  breaker: CircuitBreaker;
  readonly events: CircuitBreakerEvent[] = [];
  readonly #options: ReferenceOptions;
  readonly #reference: ReferenceBreaker;
  #running: { readonly permit: Permit; readonly ticket: ReferenceTicket | undefined }[] = [];
  #isolations: Disposable[] = [];

  constructor(options: ReferenceOptions) {
    this.#options = options;
    this.breaker = this.#newBreaker();
    this.#reference = new ReferenceBreaker(options);
  }

  /** What a restart does not take away, of both sides. */
  get lasting(): readonly [actual: object, expected: object] {
    return [lastingFacts(this.breaker), lastingFacts(this.#reference)];
  }

  get actual(): object {
    return { ...facts(this.breaker), timers: this.clock.pending() };
  }

  get expected(): object {
    return { ...facts(this.#reference), timers: 0 };
  }

  take(steps: readonly Step[]): void {
    for (const step of steps) this.takeOne(step);
  }

  takeOne(step: Step): void {
    if (step.do === 'admit') this.#admit();
    if (step.do === 'end') this.#end(step.pick, step.result);
    if (step.do === 'isolate') this.#isolate();
    if (step.do === 'dispose') this.#dispose();
    if (step.do === 'reset') this.#reset();
    if (step.do === 'suspect') this.#suspect();
    if (step.do === 'restart') this.#restart();
    if (step.do === 'shift') this.clock.shiftEpoch(step.ms);
    if (step.do !== 'wait') return;
    this.clock.advanceSync(step.ms);
    this.#reference.advance(step.ms);
  }

  #admit(): void {
    const permit = this.breaker.tryAcquire();
    const ticket = this.#reference.admit();
    if (permit === undefined) this.breaker.refusal();
    else this.#running.push({ permit, ticket });
  }

  #end(pick: number, result: 'success' | 'failure' | 'ignore'): void {
    const [picked] = this.#running.splice(pick % Math.max(1, this.#running.length), 1);
    picked?.permit[result]();
    if (picked?.ticket !== undefined) this.#reference.end(picked.ticket, result);
  }

  #isolate(): void {
    this.#isolations.push(this.breaker.isolate());
    this.#reference.isolate();
  }

  #dispose(): void {
    const isolation = this.#isolations.pop();
    isolation?.[Symbol.dispose]();
    if (isolation !== undefined && this.#isolations.length === 0) this.#reference.release();
  }

  #suspect(): void {
    this.breaker.suspect();
    this.#reference.suspect();
  }

  #restart(): void {
    const snapshot = JSON.stringify(this.breaker.snapshot());
    this.breaker = this.#newBreaker();
    this.breaker.restore(JSON.parse(snapshot) as CircuitBreakerSnapshot);
    this.#reference.restart();
    this.#running = [];
    this.#isolations = [];
  }

  #newBreaker(): CircuitBreaker {
    const { drawn, ...rest } = this.#options;
    const breaker = new CircuitBreaker({ ...rest, random: () => drawn, clock: this.clock });
    breaker.events.subscribe((event) => this.events.push(event));
    return breaker;
  }

  #reset(): void {
    this.breaker.reset();
    this.#reference.reset();
    this.#isolations = [];
  }
}
