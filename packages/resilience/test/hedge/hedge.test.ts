import { getEventListeners } from 'node:events';
import { Bulkhead } from '@holdfast/bulkhead';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { ManualClock, settle } from '@holdfast/core/testing';
import { Hedge, type HedgeEvent, type HedgeOptions, pipeline } from '@holdfast/resilience';
import { describe, expect, it, vi } from 'vitest';

import { manual, scripted } from '../model/scripted.ts';

function setUp(options: Partial<HedgeOptions> = {}) {
  const clock = new ManualClock();
  const hedge = new Hedge({ idempotent: true, delay: 100, clock, ...options });
  const events: HedgeEvent[] = [];
  hedge.events.subscribe((event) => events.push(event));
  return { clock, hedge, events, ...manual() };
}

describe('Hedge', () => {
  it('HG-01: runs once what is faster than the delay', async () => {
    const { clock, hedge, operation, runs } = setUp();
    const call = hedge.execute(operation);
    await clock.advance(99);
    runs[0]?.resolve('value');

    expect(await call).toBe('value');
    await clock.advance(1_000);
    expect(runs).toHaveLength(1);
    expect(clock.pending()).toBe(0);
    expect(hedge.statistics().calls).toEqual({ byFirst: 1, byHedge: 0, failed: 0 });
  });

  it('HG-02: starts another execution after the delay, and takes the first answer', async () => {
    const { clock, hedge, events, operation, runs } = setUp();
    const call = hedge.execute(operation);
    const signals = () => runs.map(({ context }) => context.signal.aborted);
    await clock.advance(100);
    expect(runs.map(({ context }) => context.attempt)).toEqual([0, 1]);
    expect(signals()).toEqual([false, false]);
    expect(clock.pending()).toBe(0);
    runs[1]?.resolve('second');

    expect(await call).toBe('second');
    expect(signals()).toEqual([true, false]);
    expect(runs[0]?.context.signal.reason).toMatchObject({
      name: 'AbortError',
      message: 'another was faster',
    });
    expect(events).toEqual([{ type: 'hedged', policy: 'hedge', hedge: 1, reason: 'slow' }]);
    expect(hedge.statistics().calls.byHedge).toBe(1);
  });

  it('HG-02: disposes of what comes too late, once', async () => {
    const onDiscard = vi.fn<(value: unknown) => void>();
    const { clock, hedge, operation, runs } = setUp({ onDiscard, maxHedges: 2, delay: 0 });
    const call = hedge.execute(operation);
    await clock.advance(0);
    runs[2]?.resolve('third');
    await call;
    runs[0]?.resolve('first');
    runs[1]?.reject(new Error('cancelled'));
    await settle();

    expect(onDiscard.mock.calls).toEqual([['first']]);
  });

  it.each([Symbol.dispose, Symbol.asyncDispose])(
    'HG-02: calls %s of it unless told otherwise',
    async (symbol) => {
      const { clock, hedge, operation, runs } = setUp();
      const call = hedge.execute(operation);
      await clock.advance(100);
      runs[0]?.resolve('first');
      await call;
      const disposed = vi.fn<() => void>();
      runs[1]?.resolve({ [symbol]: disposed });
      await settle();

      expect(disposed).toHaveBeenCalledOnce();
    },
  );

  it('HG-03: starts another execution at once when one fails', async () => {
    const { hedge, events } = setUp();
    const { operation, contexts } = scripted(new Error('first'), 'second');

    expect(await hedge.execute(operation)).toBe('second');
    expect(contexts).toHaveLength(2);
    expect(events).toMatchObject([{ type: 'hedged', hedge: 1, reason: 'failed' }]);
  });

  it('HG-03: takes a value for a failure that is not acceptable, and gives it out if there is no better one', async () => {
    const onDiscard = vi.fn<(value: unknown) => void>();
    const { hedge } = setUp({ isAcceptable: (value) => value !== 'bad' && value !== 'worse', onDiscard });

    expect(await hedge.execute(scripted('bad', 'good').operation)).toBe('good');
    expect(await hedge.execute(scripted('bad', 'worse').operation)).toBe('worse');
    expect(onDiscard.mock.calls).toEqual([['bad'], ['bad']]);
    expect(hedge.statistics().calls).toEqual({ byFirst: 0, byHedge: 1, failed: 1 });
  });

  it('HG-03: fails an execution whose value cannot be judged', async () => {
    const error = new Error('cannot judge');
    const { hedge } = setUp({
      isAcceptable: () => {
        throw error;
      },
      onDiscard: () => undefined,
    });

    await expect(hedge.execute(() => 'value')).rejects.toBe(error);
  });

  it.each([
    ['last', 'second'],
    ['first', 'first'],
  ] as const)('HG-04: throws the %s error when all executions have failed', async (throws, message) => {
    const { hedge } = setUp({ throws });
    const { operation } = scripted(new Error('first'), new Error('second'));

    await expect(hedge.execute(operation)).rejects.toMatchObject({ message });
    expect(hedge.statistics().calls.failed).toBe(1);
  });

  it('HG-04: waits for the first execution when the hedge has failed', async () => {
    const { clock, hedge, operation, runs } = setUp();
    const call = hedge.execute(operation);
    await clock.advance(100);
    runs[1]?.reject(new Error('hedge'));
    await settle();
    runs[0]?.resolve('first');

    expect(await call).toBe('first');
  });

  it('HG-05: hedges only failures at an infinite delay, and starts all at once at none', async () => {
    const sequential = setUp({ delay: Infinity, maxHedges: 2 });
    const slow = sequential.hedge.execute(sequential.operation);
    await sequential.clock.advance(1e9);
    expect(sequential.runs).toHaveLength(1);
    sequential.runs[0]?.reject(new Error('first'));
    await settle();
    sequential.runs[1]?.resolve('second');
    expect(await slow).toBe('second');

    const parallel = setUp({ delay: 0, maxHedges: 2 });
    const call = parallel.hedge.execute(parallel.operation);
    await parallel.clock.advance(0);
    expect(parallel.runs).toHaveLength(3);
    parallel.runs[2]?.resolve('third');
    expect(await call).toBe('third');
  });

  it('HG-06: hedges nothing before there were enough calls, then the slowest', async () => {
    const { clock, hedge, operation, runs } = setUp({ delay: { quantile: 0.9, minSamples: 20 } });
    const take = async (tookMs: number): Promise<void> => {
      const call = hedge.execute(operation);
      await clock.advance(tookMs);
      runs.at(-1)?.resolve('value');
      await call;
    };
    for (let index = 1; index <= 19; index += 1) await take(index);
    expect(hedge.statistics()).toMatchObject({ delayMs: Infinity, hedges: { started: 0 } });
    await take(20);
    expect(hedge.statistics().delayMs).toBe(19);

    const executed = runs.length;
    const call = hedge.execute(operation);
    await clock.advance(18);
    expect(runs.length - executed).toBe(1);
    await clock.advance(1);
    expect(runs.length - executed).toBe(2);
    runs.at(-1)?.resolve('hedge');
    await call;
  });

  it('HG-06: learns from an execution that lost, where that took longer than most', async () => {
    const { clock, hedge, operation, runs } = setUp({ delay: { quantile: 0.95, minSamples: 2 } });
    for (const tookMs of [10, 20]) {
      const call = hedge.execute(operation);
      await clock.advance(tookMs);
      runs.at(-1)?.resolve('value');
      await call;
    }
    expect(hedge.statistics().delayMs).toBe(20);

    const byFirst = hedge.execute(operation);
    await clock.advance(22);
    runs[2]?.resolve('first');
    await byFirst;
    // The hedge has run for 2 ms, which says nothing about how long it would have taken. Samples were 5 ms from the estimate,
    // this one 2 ms: the estimate moves by a share of what lies between.
    expect(hedge.statistics().delayMs).toBeCloseTo(20 + 0.08 * (5 + 0.05 * (2 - 5)) * 0.95, 6);

    const before = hedge.statistics().delayMs;
    const byHedge = hedge.execute(operation);
    await clock.advance(25);
    runs.at(-1)?.resolve('hedge');
    await byHedge;
    // The hedge took less than the estimate, the first execution at least 25 ms: the latter counts more.
    expect(hedge.statistics().delayMs).toBeGreaterThan(before);
  });

  it('HG-07: pays hedges from what calls have earned, and never cancels one for that', async () => {
    const { clock, hedge, events, operation, runs } = setUp({ budget: { ratio: 0.5, maxSaved: 1 } });
    const first = hedge.execute(operation);
    const second = hedge.execute(operation);
    await clock.advance(100);
    expect(runs).toHaveLength(3);
    expect(events.map(({ type }) => type)).toEqual(['hedged', 'budget-exhausted']);
    expect(hedge.statistics().hedges).toEqual({ started: 1, suppressed: 1 });
    for (const run of runs) run.resolve('value');
    await Promise.all([first, second]);

    const third = hedge.execute(operation);
    await clock.advance(100);
    expect(runs).toHaveLength(5);
    runs.at(-1)?.resolve('value');
    await third;
  });

  it('HG-08: lets breaker and bulkhead of a pipeline see every execution, and the loser counts as nothing', async () => {
    const clock = new ManualClock();
    const { operation, runs } = manual();
    const breaker = new CircuitBreaker({ window: { calls: 10 }, clock });
    const bulkhead = new Bulkhead({ limit: 5, clock });
    const service = pipeline('service', {
      clock,
      hedge: { idempotent: true, delay: 100 },
      breaker,
      bulkhead,
    });
    const call = service.execute(operation);
    await clock.advance(100);
    expect(bulkhead.running).toBe(2);
    runs[1]?.resolve('second');
    expect(await call).toBe('second');
    runs[0]?.reject(new Error('cancelled'));
    await settle();

    expect(breaker.statistics().calls).toMatchObject({ success: 1, failure: 0, ignored: 1 });
    expect(bulkhead.running).toBe(0);
    expect(service.statistics().calls.success).toBe(1);
    expect(service.describe().steps.map(({ slot }) => slot)).toContain('hedge');
  });

  it('HG-09: has to be told that the operation may run twice', () => {
    // @ts-expect-error -- it has to be told
    expect(() => new Hedge({})).toThrow('idempotent must be true, because the operation may run twice');
  });

  it('starts nothing for a call that a listener has ended', async () => {
    const { clock, hedge, operation, runs } = setUp();
    const caller = new AbortController();
    const startedBefore: number[] = [];
    hedge.events.subscribe(() => {
      startedBefore.push(runs.length);
      caller.abort('left');
    });

    const call = hedge.execute(operation, { signal: caller.signal });
    void clock.advance(100);

    await expect(call).rejects.toBe('left');
    expect(startedBefore).toEqual([runs.length]);
    expect(runs.map(({ context }) => context.signal.aborted)).toEqual([true, true]);
    expect(clock.pending()).toBe(0);
  });

  it.each([true, false])('discards a value whose judge ends the call and says %s', async (isGood) => {
    const caller = new AbortController();
    const discarded: unknown[] = [];
    const isAcceptable = (): boolean => {
      caller.abort('left');
      return isGood;
    };
    const { hedge } = setUp({ isAcceptable, onDiscard: (value) => discarded.push(value) });

    await expect(hedge.execute(() => 'value', { signal: caller.signal })).rejects.toBe('left');
    await settle();

    expect(discarded).toEqual(['value']);
    expect(hedge.statistics().calls).toEqual({ byFirst: 0, byHedge: 0, failed: 0 });
  });

  it('HG-10: lets all executions go when the caller leaves, and leaves no listener', async () => {
    const { clock, hedge, operation, runs } = setUp();
    const controller = new AbortController();
    const { signal } = controller;
    const call = hedge.execute(operation, { signal });
    await clock.advance(100);
    const signals = runs.map(({ context }) => context.signal);
    controller.abort('left');

    await expect(call).rejects.toBe('left');
    expect(signals.map(({ aborted, reason }) => [aborted, reason as unknown])).toEqual([
      [true, 'left'],
      [true, 'left'],
    ]);
    for (const run of runs) run.reject(new Error('cancelled'));
    await settle();
    expect([getEventListeners(signal, 'abort').length, clock.pending()]).toEqual([0, 0]);
  });

  it('starts nothing for a caller that has left, or whose deadline is over', async () => {
    const { hedge, operation, runs } = setUp();

    await expect(hedge.execute(operation, { signal: AbortSignal.abort('left') })).rejects.toBe('left');
    await expect(hedge.execute(operation, { deadlineMs: 0 })).rejects.toMatchObject({
      code: 'ERR_DEADLINE_EXCEEDED',
    });
    expect(runs).toHaveLength(0);
  });

  it('starts no hedge when the deadline has passed', async () => {
    const { clock, hedge, operation, runs } = setUp();
    const call = hedge.execute(operation, { deadlineMs: 100 });
    await clock.advance(100);
    expect(runs).toHaveLength(1);
    runs[0]?.resolve('late');
    expect(await call).toBe('late');
  });

  it.each<[string, object]>([
    ['delay', { delay: -1 }],
    ['delay.quantile', { delay: { quantile: 0 } }],
    ['delay.minSamples', { delay: { minSamples: 0 } }],
    ['maxHedges', { maxHedges: 0 }],
    ['budget.ratio', { budget: { ratio: 2 } }],
    ['budget.maxSaved', { budget: { maxSaved: 0 } }],
    ['isAcceptable', { isAcceptable: 1 }],
    ['throws', { throws: 'both' }],
    ['onDiscard', { onDiscard: 1 }],
    ['name', { name: '' }],
    ['delay', { delay: null as never }],
    ['delay.minSamples', { delay: { minSamples: 1_000_001 } }],
    ['budget', { budget: null as never }],
  ])('refuses a bad %s', (option, options) => {
    expect(() => setUp(options)).toThrowError(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }),
    );
  });
});
