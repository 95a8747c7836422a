import { ManualClock, settle } from '@holdfast/core/testing';
import {
  Chaos,
  type ChaosEvent,
  type ChaosOptions,
  InjectedFaultError,
  pipeline,
} from '@holdfast/resilience';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { manual, scripted } from '../model/scripted.ts';

function setUp(options: ChaosOptions) {
  const clock = new ManualClock();
  const chaos = new Chaos({ clock, ...options });
  const events: ChaosEvent[] = [];
  chaos.events.subscribe((event) => events.push(event));
  return { clock, chaos, events };
}

afterEach(() => vi.unstubAllEnvs());

describe('Chaos', () => {
  it.each([
    [0, 0],
    [1, 100],
  ])('CH-01: at a rate of %d injects %d of 100 faults', async (rate, expected) => {
    const { chaos } = setUp({ fault: { rate } });
    const calls = Array.from({ length: 100 }, () => chaos.execute(() => 'value'));
    const outcomes = await Promise.allSettled(calls);

    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(expected);
    expect(chaos.statistics().injected).toEqual({ latency: 0, fault: expected, outcome: 0 });
  });

  it('CH-01: asks a rate that is a function at each call', async () => {
    const rates = [1, 0, 1];
    const { chaos } = setUp({ outcome: { rate: () => rates.shift() ?? 0, value: () => 'made up' } });

    const answers = [1, 2, 3, 4].map(() => chaos.execute(() => 'own'));
    expect(await Promise.all(answers)).toEqual(['made up', 'own', 'made up', 'own']);
  });

  it('CH-01: draws nothing by a rate that is no number', async () => {
    const chaos = new Chaos({
      fault: { rate: () => undefined as never },
      latency: { rate: () => NaN, delayMs: 1 },
    });

    expect(await chaos.execute(() => 'value')).toBe('value');
    expect(chaos.statistics().injected).toEqual({ latency: 0, fault: 0, outcome: 0 });
  });

  it('rejects, and does not throw, where a call is out of range or cannot be decided about', async () => {
    const enabled = (): boolean => {
      throw new Error('no flags');
    };

    await expect(new Chaos({}).execute(() => 'value', { deadlineMs: -1 })).rejects.toThrow('deadlineMs');
    await expect(new Chaos({ enabled }).execute(() => 'value')).rejects.toThrow('no flags');
  });

  it('CH-01: does the same with the same random numbers', async () => {
    const seeded = () => {
      let state = 7;
      return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
    };
    const fates = async (): Promise<string[]> => {
      const { chaos } = setUp({
        random: seeded(),
        fault: { rate: 0.3 },
        outcome: { rate: 0.3, value: () => 'b' },
      });
      const calls = Array.from({ length: 200 }, () => chaos.execute(() => 'a').catch(() => 'c'));
      return Promise.all(calls);
    };
    const once = await fates();

    expect(new Set(once)).toEqual(new Set(['a', 'b', 'c']));
    expect(await fates()).toEqual(once);
  });

  it('CH-01: asks nothing and draws nothing while it is off', async () => {
    const random = vi.fn<() => number>(() => 0);
    const { chaos } = setUp({ random, fault: { rate: 1 }, enabled: () => false });

    expect(await chaos.execute(() => 'value')).toBe('value');
    expect(random).not.toHaveBeenCalled();
  });

  it('CH-01: refuses to be made in production, unless that is meant', () => {
    vi.stubEnv('NODE_ENV', 'production');

    expect(() => new Chaos({ name: 'game day', fault: { rate: 1 } })).toThrowError(
      expect.objectContaining({ code: 'ERR_CHAOS_IN_PRODUCTION', policy: 'game day' }),
    );
    expect(new Chaos({ fault: { rate: 1 }, allowInProduction: true }).name).toBe('chaos');
  });

  it('CH-02: delays a call, and lets it go at once when it is aborted', async () => {
    const { clock, chaos, events } = setUp({ latency: { rate: 1, delayMs: 1_000 } });
    const { operation, runs } = manual();
    const controller = new AbortController();
    const left = chaos.execute(operation, { signal: controller.signal });
    const stayed = chaos.execute(operation);
    await clock.advance(500);
    controller.abort('left');

    await expect(left).rejects.toBe('left');
    await clock.advance(499);
    expect(runs).toHaveLength(0);
    await clock.advance(1);
    runs[0]?.resolve('value');
    expect(await stayed).toBe('value');
    expect(clock.pending()).toBe(0);
    const injected = { type: 'injected', policy: 'chaos', what: 'latency' };
    expect(events).toEqual([injected, injected]);
  });

  it.each([
    ['the caller leaves', { code: 'ERR_LEFT' }, 10_000],
    ['the deadline passes', { code: 'ERR_DEADLINE_EXCEEDED' }, 1_500],
  ])('CH-02: starts nothing when %s just as the delay ends', async (_, reason, deadlineMs) => {
    const { clock, chaos } = setUp({ latency: { rate: 1, delayMs: 1_000 } });
    const caller = new AbortController();
    const operation = vi.fn<() => void>();
    const call = chaos.execute(operation, { signal: caller.signal, deadlineMs });

    // Both in one turn, as after a computation that kept the process busy.
    clock.advanceSync(2_000);
    if (deadlineMs > 2_000) caller.abort({ code: 'ERR_LEFT' });

    await expect(call).rejects.toMatchObject(reason);
    expect(operation).not.toHaveBeenCalled();
  });

  it('CH-02: tells its faults from others by their code', async () => {
    const { chaos } = setUp({ name: 'game day', fault: { rate: 1 } });

    await expect(chaos.execute(() => 1)).rejects.toMatchObject({
      code: 'ERR_INJECTED_FAULT',
      policy: 'game day',
    });
    expect(new InjectedFaultError('chaos').message).toBe('chaos made this call fail');
  });

  it('throws the error that it was given, and never runs the operation then', async () => {
    const error = new Error('ECONNREFUSED');
    const { chaos } = setUp({ fault: { rate: 1, error: () => error } });
    const { operation, contexts } = scripted('value');

    await expect(chaos.execute(operation)).rejects.toBe(error);
    expect(contexts).toHaveLength(0);
  });

  it('runs nothing for a caller that has left', async () => {
    const { chaos } = setUp({ outcome: { rate: 1, value: () => 1 } });

    await expect(chaos.execute(() => 2, { signal: AbortSignal.abort('left') })).rejects.toBe('left');
    expect(chaos.statistics().injected.outcome).toBe(0);
  });

  it('is innermost in a pipeline: its faults are retried and open the circuit', async () => {
    const clock = new ManualClock();
    const service = pipeline('service', {
      clock,
      retry: { maxRetries: 3, backoff: { initialMs: 0 } },
      breaker: { window: { calls: 2 }, minCalls: 2 },
      chaos: { fault: { rate: 1, error: () => new Error('down') } },
    });
    const call = service.execute(() => 'value');

    await expect(call).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    await settle();
    expect(service.parts.chaos).toBeInstanceOf(Chaos);
    expect(service.describe().steps.at(-1)?.slot).toBe('chaos');
  });

  it('makes faults of its own that are retried like those of the operation', async () => {
    const faults: string[] = [];
    const budget = { earn: () => {}, trySpend: () => faults.push('paid') < 3 };
    const service = pipeline('service', {
      retry: { maxRetries: 3, backoff: { initialMs: 0 }, budget },
      chaos: { fault: { rate: 1 } },
    });

    await expect(service.execute(() => 'value')).rejects.toMatchObject({ code: 'ERR_INJECTED_FAULT' });
    expect(faults).toHaveLength(3);
  });

  it.each<[string, ChaosOptions]>([
    ['fault.rate', { fault: { rate: 1.1 } }],
    ['latency.rate', { latency: { rate: -1, delayMs: 1 } }],
    ['latency.delayMs', { latency: { rate: 1, delayMs: -1 } }],
    ['outcome.rate', { outcome: { rate: Number.NaN, value: () => 1 } }],
    ['outcome.value', { outcome: { rate: 1, value: 1 as never } }],
    ['fault', { fault: null as never }],
    ['latency', { latency: false as never }],
    ['outcome', { outcome: null as never }],
    ['enabled', { enabled: 1 as never }],
    ['name', { name: '' }],
  ])('refuses a bad %s', (option, options) => {
    expect(() => new Chaos(options)).toThrowError(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }),
    );
  });
});
