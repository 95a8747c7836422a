import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

describe('ManualClock', () => {
  it('stands still until it is moved', async () => {
    const clock = new ManualClock(500);
    expect([clock.now(), clock.epoch()]).toEqual([0, 500]);

    await clock.advance(20);

    expect([clock.now(), clock.epoch()]).toEqual([20, 520]);
  });

  it('runs tasks in the order of their time, ties as scheduled, each at its own time', () => {
    const clock = new ManualClock();
    const log: string[] = [];
    clock.schedule(() => log.push(`late ${clock.now()}`), 20);
    clock.schedule(() => log.push(`first ${clock.now()}`), 10);
    clock.schedule(() => log.push(`second ${clock.now()}`), 10);

    clock.advanceSync(20);

    expect(log).toEqual(['first 10', 'second 10', 'late 20']);
  });

  it('runs what a task schedules, if it comes due in the same move', async () => {
    const clock = new ManualClock();
    const log: number[] = [];
    clock.schedule(() => {
      void Promise.resolve().then(() => clock.schedule(() => log.push(clock.now()), 5));
    }, 10);

    await clock.advance(15);

    expect(log).toEqual([15]);
  });

  it('never goes back, however far a task moves it', async () => {
    const clock = new ManualClock();
    clock.schedule(() => clock.advanceSync(100), 10);
    clock.advanceSync(20);
    expect(clock.now()).toBe(110);

    clock.schedule(() => clock.advanceSync(100), 10);
    await clock.advance(20);
    expect(clock.now()).toBe(220);
  });

  it('forgets a task that was cancelled, and counts what waits', () => {
    const clock = new ManualClock();
    const cancel = clock.schedule(() => {}, 10);
    clock.schedule(() => {}, 10, { background: true });
    expect([clock.pending(), clock.pending('foreground'), clock.pending('background')]).toEqual([2, 1, 1]);

    cancel();

    expect(clock.pending()).toBe(1);
  });

  it('shifts the wall clock and leaves the monotonic one alone', () => {
    const clock = new ManualClock(1_000);

    clock.shiftEpoch(-400);

    expect([clock.now(), clock.epoch()]).toEqual([0, 600]);
  });
});
