import { getEventListeners } from 'node:events';

import { Bulkhead } from '@holdfast/bulkhead';
import { isHoldfastError } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import fc from 'fast-check';

import { ReferenceBulkhead, type ReferenceOptions } from './reference-bulkhead.ts';

export type Step =
  | { readonly do: 'arrive'; readonly deadlineMs: number }
  | { readonly do: 'finish' | 'fail' | 'abort'; readonly pick: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'resize'; readonly limit: number }
  | { readonly do: 'close' };

export const someOptions: fc.Arbitrary<ReferenceOptions> = fc.record({
  limit: fc.integer({ min: 1, max: 4 }),
  maxQueued: fc.nat(6),
  maxWaitMs: fc.constantFrom(0, 1, 20, Infinity),
});

const arrive = fc
  .constantFrom(0, 10, 20, Infinity, Infinity)
  .map((deadlineMs): Step => ({ do: 'arrive', deadlineMs }));
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
    this.bulkhead = new Bulkhead({ ...options, clock: this.clock });
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
    if (step.do === 'arrive') this.#arrive(step.deadlineMs);
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

  #arrive(deadlineMs: number): void {
    const id = this.#calls.length;
    const call = { controller: new AbortController(), operation: Promise.withResolvers<void>() };
    this.#calls.push(call);
    const run = (): Promise<void> => {
      this.#started.push(id);
      return call.operation.promise;
    };
    this.bulkhead.execute(run, { signal: call.controller.signal, deadlineMs }).then(
      () => this.#ended.set(id, 'ok'),
      (error: unknown) => this.#ended.set(id, outcomeOf(error)),
    );
    this.#reference.arrive(id, deadlineMs);
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
