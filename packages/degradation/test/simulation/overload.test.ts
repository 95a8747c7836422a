import { describe, expect, it } from 'vitest';
import { type Call, capacity, type Criticality, simulate } from './simulated-service.ts';

/** Calm for 5 s, then `times` the capacity, from second 9 on with the degradation awake. */
const overload = (times: number) => (second: number) => capacity * (second < 5 ? 0.5 : times);
const awakeMs = 9_000;
const targetMs = 250;

function since(calls: readonly Call[], criticality: Criticality): readonly Call[] {
  return calls.filter((call) => call.criticality === criticality && call.atMs >= awakeMs);
}

function inTimeRatio(calls: readonly Call[]): number {
  return calls.filter(({ admitted, latencyMs }) => admitted && latencyMs <= targetMs).length / calls.length;
}

/** Answers as a share of what the service can give. */
function usedRatio(calls: readonly Call[], seconds: number): number {
  const answered = calls.filter(({ admitted, atMs }) => admitted && atMs >= awakeMs);
  return answered.length / (seconds - awakeMs / 1_000) / capacity;
}

describe('a simulated service with more calls than it can answer', () => {
  it.each([{ times: 1.5 }, { times: 2 }, { times: 3 }, { times: 4 }])(
    'answers 0.99 of the critical ones in time at $times times its capacity',
    ({ times }) => {
      const { calls } = simulate({ degraded: true, load: overload(times), seconds: 125 });

      expect(inTimeRatio(since(calls, 'critical'))).toBeGreaterThan(0.99);
      expect(usedRatio(calls, 125)).toBeGreaterThan(0.7);
    },
  );

  // The guide tells these figures.
  it.each([
    [1.5, 'none', '0.0 %', '0.0 %', undefined],
    [1.5, 'at once', '99.6 %', '24.8 %', '54.6 %'],
    [1.5, 'as it is', '100.0 %', '64.7 %', '84.5 %'],
    [2, 'none', '0.0 %', '0.0 %', undefined],
    [2, 'at once', '98.2 %', '6.1 %', '48.8 %'],
    [2, 'as it is', '99.8 %', '36.2 %', '75.4 %'],
    [3, 'none', '0.0 %', '0.0 %', undefined],
    [3, 'at once', '92.0 %', '1.9 %', '66.2 %'],
    [3, 'as it is', '99.9 %', '22.3 %', '86.1 %'],
  ])(
    'with %s times the calls, degradation %s: %s of the critical, %s of the normal in time',
    (times, how, ...told) => {
      const { calls } = simulate({
        degraded: how !== 'none',
        load: overload(times),
        seconds: 125,
        recovery: how === 'at once' ? { admissionMs: 1 } : undefined,
      });
      const percent = (ratio: number): string => `${(100 * ratio).toFixed(1)} %`;

      expect([
        percent(inTimeRatio(since(calls, 'critical'))),
        percent(inTimeRatio(since(calls, 'normal'))),
        how === 'none' ? undefined : percent(usedRatio(calls, 125)),
      ]).toEqual(told);
    },
  );

  it('answers hardly any in time without', () => {
    const { calls } = simulate({ degraded: false, load: overload(2), seconds: 125 });

    expect(inTimeRatio(since(calls, 'critical'))).toBeLessThan(0.01);
  });

  it('answers more normal ones, and more critical ones in time, than if all came back at once', () => {
    const run = (admissionMs?: number): readonly Call[] =>
      simulate({ degraded: true, load: overload(2), seconds: 125, recovery: { admissionMs } }).calls;
    const [slowly, atOnce] = [run(), run(1)];

    expect(inTimeRatio(since(slowly, 'normal'))).toBeGreaterThan(3 * inTimeRatio(since(atOnce, 'normal')));
    expect(inTimeRatio(since(atOnce, 'critical'))).toBeLessThan(0.99);
    expect(usedRatio(slowly, 125)).toBeGreaterThan(1.5 * usedRatio(atOnce, 125));
  });

  it('refuses nobody when it is busy and keeps up', () => {
    const { calls, levels } = simulate({ degraded: true, load: () => 0.5 * capacity, seconds: 120 });

    expect(calls.every(({ admitted }) => admitted)).toBe(true);
    expect(Math.max(...levels)).toBe(0);
  });

  it('has every feature back in order and lets everybody in again after the overload', () => {
    const load = (second: number): number => capacity * (second < 5 || second >= 35 ? 0.3 : 2);
    const { calls, restored } = simulate({ degraded: true, load, seconds: 180 });
    const last = calls.filter(({ atMs }) => atMs >= 100_000);

    expect(restored).toEqual(['metrics-detail', 'maintenance', 'suggestions', 'temporal-patterns']);
    expect(last.every(({ admitted }) => admitted)).toBe(true);
  });
});
