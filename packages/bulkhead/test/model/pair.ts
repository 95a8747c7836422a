import { getEventListeners } from 'node:events';

import { Bulkhead } from '@holdfast/bulkhead';
import { type Criticality, isHoldfastError } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import fc from 'fast-check';

import { ReferenceBulkhead, type ReferenceCall, type ReferenceOptions } from './reference-bulkhead.ts';
import { weights } from './reference-queue.ts';

const criticalities: readonly Criticality[] = ['critical', 'normal', 'degradable', 'sheddable'];

export type Step =
  | { readonly do: 'arrive'; readonly call: ReferenceCall }
  | { readonly do: 'finish' | 'fail' | 'abort'; readonly pick: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'resize'; readonly limit: number }
  | { readonly do: 'close' };

export const someOptions: fc.Arbitrary<ReferenceOptions> = fc.record({
  limit: fc.integer({ min: 1, max: 4 }),
  maxQueued: fc.nat(12),
  maxWaitMs: fc.constantFrom(0, 1, 20, 60, Infinity, Infinity),
  discipline: fc.constantFrom('codel' as const, 'codel' as const, 'fifo' as const),
  targetWaitMs: fc.constantFrom(0, 1, 5),
  shedAfterMs: fc.constantFrom(1, 10, 20),
  minShareRatio: fc.constantFrom(0, 0.1, 0.25),
});

const arrive = fc
  .record({
    deadlineMs: fc.constantFrom(0, 10, 20, Infinity, Infinity, Infinity),
    rank: fc.constantFrom(0, 1, 1, 2, 3),
    tenant: fc.constantFrom('', '', 'A', 'B', 'C'),
  })
  .map((call): Step => ({ do: 'arrive', call }));
const end = fc
  .tuple(fc.constantFrom('finish' as const, 'finish' as const, 'fail' as const, 'abort' as const), fc.nat(30))
  .map(([act, pick]): Step => ({ do: act, pick }));
const wait = fc.constantFrom(1, 9, 10, 11, 20).map((ms): Step => ({ do: 'wait', ms }));
const resize = fc.integer({ min: 1, max: 5 }).map((limit): Step => ({ do: 'resize', limit }));

/** Anything that can happen to a bulkhead. */
export const someSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 40, arbitrary: arrive },
    { weight: 40, arbitrary: end },
    { weight: 10, arbitrary: wait },
    { weight: 10, arbitrary: resize },
    { weight: 1, arbitrary: fc.constant<Step>({ do: 'close' }) },
  ),
  { maxLength: 100, size: 'max' },
);

interface Call {
  readonly controller: AbortController;
  readonly operation: PromiseWithResolvers<void>;
}

/** A bulkhead and the reference, taken through the same steps. */
export class Pair {
  readonly clock: ManualClock = new ManualClock();
  readonly bulkhead: Bulkhead;
  readonly #reference: ReferenceBulkhead;
  readonly #calls: Call[] = [];
  readonly #started: number[] = [];
  readonly #ended = new Map<number, string>();

  constructor(options: ReferenceOptions) {
    const tenantWeight = (tenant: string): number => weights[tenant]!;
    this.bulkhead = new Bulkhead({ ...options, tenantWeight, clock: this.clock });
    this.#reference = new ReferenceBulkhead(options);
  }

  get actual(): object {
    const { running, queued } = this.bulkhead;
    return { running, queued, started: this.#started, ended: sorted(this.#ended) };
  }

  get expected(): object {
    const { running, waiting, started, ended } = this.#reference;
    return { running: running.length, queued: waiting.length, started, ended: sorted(ended) };
  }

  get arrived(): number {
    return this.#calls.length;
  }

  /** Listeners on the signals of callers that are gone. */
  get leftListeners(): number {
    return this.#calls
      .filter((_, id) => this.#reference.ended.has(id))
      .reduce((sum, { controller }) => sum + getEventListeners(controller.signal, 'abort').length, 0);
  }

  async take(step: Step): Promise<void> {
    this.#take(step);
    // An operation ends, and a slot is taken up, in a later turn: the reference knows no turns.
    await settle();
  }

  /** Lets every operation end, until nothing runs any more. */
  async drain(): Promise<void> {
    for (let [pick] = this.#reference.running; pick !== undefined; [pick] = this.#reference.running)
      await this.take({ do: 'finish', pick });
  }

  #take(step: Step): void {
    if (step.do === 'arrive') this.#arrive(step.call);
    if (step.do === 'finish' || step.do === 'fail' || step.do === 'abort') this.#end(step.do, step.pick);
    if (step.do === 'resize') {
      this.bulkhead.resize(step.limit);
      this.#reference.resize(step.limit);
    }
    if (step.do === 'close') {
      void this.bulkhead[Symbol.asyncDispose]();
      this.#reference.close();
    }
    if (step.do !== 'wait') return;
    this.clock.advanceSync(step.ms);
    this.#reference.advance(step.ms);
  }

  #arrive({ deadlineMs, rank, tenant }: ReferenceCall): void {
    const id = this.#calls.length;
    const call = { controller: new AbortController(), operation: Promise.withResolvers<void>() };
    this.#calls.push(call);
    const run = (): Promise<void> => {
      this.#started.push(id);
      return call.operation.promise;
    };
    const options = {
      signal: call.controller.signal,
      deadlineMs,
      // No criticality is the same as a normal one, and no tenant as one without a name.
      criticality: rank === 1 && id % 2 === 0 ? undefined : criticalities[rank],
      tenant: tenant === '' && id % 2 === 0 ? undefined : tenant,
    };
    this.bulkhead.execute(run, options).then(
      () => this.#ended.set(id, 'ok'),
      (error: unknown) => this.#ended.set(id, outcomeOf(error)),
    );
    this.#reference.arrive(id, { deadlineMs, rank, tenant });
  }

  #end(act: 'finish' | 'fail' | 'abort', pick: number): void {
    const id = pick % Math.max(1, this.#calls.length);
    const call = this.#calls[id];
    if (call === undefined) return;
    if (act === 'abort') {
      call.controller.abort('aborted');
      this.#reference.abort(id);
      return;
    }
    if (!this.#reference.running.includes(id)) return;
    if (act === 'finish') call.operation.resolve();
    else call.operation.reject('ok');
    this.#reference.finish(id);
  }
}

function outcomeOf(error: unknown): string {
  if (isHoldfastError(error, 'ERR_DEADLINE_EXCEEDED')) return 'deadline';
  return error instanceof Error && 'reason' in error ? String(error.reason) : String(error);
}

function sorted(ended: ReadonlyMap<number, string>): readonly (readonly [id: number, how: string])[] {
  return [...ended].toSorted(([one], [other]) => one - other);
}
