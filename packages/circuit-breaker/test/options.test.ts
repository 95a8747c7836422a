import { CircuitBreaker, type CircuitBreakerOptions, keyed } from '@holdfast/circuit-breaker';
import { describe, expect, it } from 'vitest';

const refused: readonly (readonly [message: string, options: object])[] = [
  ["name must be a string that is not empty, got ''", { name: '' }],
  ['window must be an object with either calls or durationMs, got an object', { window: {} }],
  [
    'window must be an object with either calls or durationMs, got an object',
    { window: { calls: 1, durationMs: 1 } },
  ],
  ['window.calls must be a whole number from 1 to 1000000, got 0', { window: { calls: 0 } }],
  ['window.calls must be a whole number from 1 to 1000000, got 1.5', { window: { calls: 1.5 } }],
  [
    'window.durationMs must be a finite number of milliseconds of at least 1, got 0',
    { window: { durationMs: 0 } },
  ],
  ['window.buckets must be a whole number from 1 to 1000, got 0', { window: { durationMs: 1, buckets: 0 } }],
  ['failureRatio must be a number over 0, up to 1, got 0', { failureRatio: 0 }],
  ['failureRatio must be a number over 0, up to 1, got 1.1', { failureRatio: 1.1 }],
  ['failureRatio must be a number over 0, up to 1, got NaN', { failureRatio: Number.NaN }],
  ['minCalls must be a whole number of at least 1, got 0', { minCalls: 0 }],
  ['minCalls must be a whole number from 1 to 10, got 11', { window: { calls: 10 }, minCalls: 11 }],
  [
    'slow.afterMs must be a finite number of milliseconds of at least 1, got 0',
    { slow: { afterMs: 0, ratio: 1 } },
  ],
  ['slow.ratio must be a number over 0, up to 1, got 0', { slow: { afterMs: 1, ratio: 0 } }],
  ['openForMs must be a finite number of milliseconds of at least 0, got -1', { openForMs: -1 }],
  ['openForMs must be a finite number of milliseconds of at least 0, got Infinity', { openForMs: Infinity }],
  [
    'maxOpenForMs must be a finite number of milliseconds of at least 5000, got 4999',
    { maxOpenForMs: 4_999 },
  ],
  ['jitterRatio must be a number from 0 to 1, got 2', { jitterRatio: 2 }],
  ['stableForMs must be a finite number of milliseconds of at least 0, got -1', { stableForMs: -1 }],
  ['halfOpen.calls must be a whole number of at least 1, got 0', { halfOpen: { calls: 0 } }],
  ['halfOpen.maxFailures must be a whole number from 0 to 2, got 3', { halfOpen: { maxFailures: 3 } }],
  [
    'halfOpen.leaseMs must be a finite number of milliseconds of at least 1, got 0',
    { halfOpen: { leaseMs: 0 } },
  ],
  ["mode must be one of 'on', 'shadow', 'off', got 'auto'", { mode: 'auto' }],
  ["classify must be a function, got '5xx'", { classify: '5xx' }],
  ['classify must be a function, got false', { classify: false }],
  ['window must be an object, got null', { window: null }],
  ['slow must be an object, got null', { slow: null }],
  ['slow must be an object, got false', { slow: false }],
  ['halfOpen must be an object, got null', { halfOpen: null }],
  ['ramp must be an object, got null', { ramp: null }],
  ['ramp must be an object, got 0', { ramp: 0 }],
  ['clock must be an object with now(), epoch(), schedule(), got an object', { clock: {} }],
  ['random must be a function, got 0.5', { random: 0.5 }],
];

describe('CircuitBreakerOptions', () => {
  it.each(refused)('CB-18: %s', (message, options) => {
    expect(() => new CircuitBreaker(options as CircuitBreakerOptions)).toThrow(message);
  });

  it.each([
    { failureRatio: 1 },
    { openForMs: 0 },
    { window: { calls: 10 } },
    { openForMs: 120_000 },
    { halfOpen: { calls: 2, maxFailures: 1 } },
  ])('CB-18: accepts %o', (options) => {
    expect(() => new CircuitBreaker(options)).not.toThrow();
  });

  it('judges a window of fewer than 20 calls when it is full', () => {
    const breaker = new CircuitBreaker({ window: { calls: 3 } });

    for (let call = 0; call < 3; call += 1) breaker.tryAcquire()?.failure();

    expect(breaker.state).toBe('open');
  });

  it('waits for 20 calls by default', () => {
    const breaker = new CircuitBreaker();

    for (let call = 0; call < 19; call += 1) breaker.tryAcquire()?.failure();
    expect(breaker.state).toBe('closed');
    breaker.tryAcquire()?.failure();

    expect(breaker.state).toBe('open');
    expect(breaker.name).toBe('circuit-breaker');
  });

  it('refuses a registry without room', () => {
    expect(() => keyed(() => new CircuitBreaker(), { maxKeys: 0 })).toThrow(
      'maxKeys must be a whole number of at least 1, got 0',
    );
  });
});
