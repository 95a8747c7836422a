import { hours, minutes, seconds, systemClock } from '@holdfast/core';
import { describe, expect, it, vi } from 'vitest';

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('systemClock', () => {
  it('runs a task once its time has come', async () => {
    const before = systemClock.now();

    await new Promise<void>((resolve) => systemClock.schedule(resolve, 5));

    expect(systemClock.now() - before).toBeGreaterThanOrEqual(5);
  });

  it('runs no task before its time, also if that is not a whole number of milliseconds', async () => {
    const late = Array.from({ length: 100 }, (_, index) => {
      const delayMs = 1 + index * 0.37;
      const dueAt = systemClock.now() + delayMs;
      return new Promise<number>((resolve) =>
        systemClock.schedule(() => resolve(systemClock.now() - dueAt), delayMs),
      );
    });

    expect(Math.min(...(await Promise.all(late)))).toBeGreaterThanOrEqual(0);
  });

  it('does not run a task that was cancelled', async () => {
    const task = vi.fn<() => void>();
    const cancel = systemClock.schedule(task, 1);

    cancel();
    await new Promise<void>((resolve) => systemClock.schedule(resolve, 5));

    expect(task).not.toHaveBeenCalled();
  });

  it('waits out a delay longer than the platform’s timers reach, instead of running at once', async () => {
    const task = vi.fn<() => void>();
    const cancel = systemClock.schedule(task, 2 ** 31 + 5);

    await new Promise<void>((resolve) => systemClock.schedule(resolve, 5));

    expect(task).not.toHaveBeenCalled();
    cancel();
  });

  it('holds the process open for a task, unless it is in the background', () => {
    const before = timers();

    const cancelBackground = systemClock.schedule(() => {}, 60_000, { background: true });
    expect(timers()).toBe(before);
    const cancel = systemClock.schedule(() => {}, 60_000);
    expect(timers()).toBe(before + 1);

    cancelBackground();
    cancel();
    expect(timers()).toBe(before);
  });

  it('tells milliseconds since 1970', () => {
    expect(Math.abs(systemClock.epoch() - Date.now())).toBeLessThan(1_000);
  });
});

describe('durations', () => {
  it('are milliseconds', () => {
    expect([seconds(1.5), minutes(2), hours(1)]).toEqual([1_500, 120_000, 3_600_000]);
  });
});
