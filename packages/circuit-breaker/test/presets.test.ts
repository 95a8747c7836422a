import { CircuitBreaker, presets } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

describe('presets', () => {
  it.each([
    ['database', 30_000],
    ['openai', 60_000],
    ['external', 120_000],
  ] as const)(
    '%s: opens at five failures, asks again after 60 s, closes at three successes',
    (name, longestMs) => {
      const clock = new ManualClock();
      const breaker = new CircuitBreaker({ ...presets[name], clock });
      expect(breaker.name).toBe(name);

      for (let call = 0; call < 4; call += 1) breaker.tryAcquire()?.failure();
      expect(breaker.state).toBe('closed');
      breaker.tryAcquire()?.failure();

      expect([breaker.state, breaker.retryAfterMs]).toEqual(['open', 60_000]);
      clock.advanceSync(60_000);
      breaker.tryAcquire()?.success();
      breaker.tryAcquire()?.success();
      expect(breaker.state).toBe('half-open');
      const third = breaker.tryAcquire();
      clock.advanceSync(longestMs - 1);
      third?.success();
      expect(breaker.state).toBe('closed');
    },
  );

  it.each([
    ['database', 30_000],
    ['openai', 60_000],
    ['external', 120_000],
  ] as const)(
    '%s: opens on five calls that hang for %d ms, and waits as long for a trial call',
    (name, longestMs) => {
      const clock = new ManualClock();
      const breaker = new CircuitBreaker({ ...presets[name], clock });
      for (let call = 0; call < 5; call += 1) breaker.tryAcquire();
      clock.advanceSync(longestMs - 1);
      expect(breaker.tryAcquire()).toBeDefined();
      clock.advanceSync(longestMs);

      expect(breaker.tryAcquire()).toBeUndefined();
      clock.advanceSync(60_000);
      breaker.tryAcquire();
      clock.advanceSync(longestMs - 1);
      expect(breaker.state).toBe('half-open');
      clock.advanceSync(1);
      for (let call = 0; call < 2; call += 1) breaker.tryAcquire();

      expect(breaker.state).toBe('open');
      expect(breaker.retryAfterMs).toBe(60_000);
    },
  );

  it('can be changed by nobody', () => {
    for (const preset of Object.values(presets))
      for (const part of [preset, preset.window, preset.slow, preset.halfOpen])
        expect(Object.isFrozen(part)).toBe(true);
    expect(Object.isFrozen(presets)).toBe(true);
  });
});
