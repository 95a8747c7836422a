import { Execution, InvalidOptionError } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it, vi } from 'vitest';

describe('Execution', () => {
  it('hands the caller’s own signal to the operation', () => {
    const { signal } = new AbortController();

    expect(new Execution({ signal }).signal).toBe(signal);
    expect(new Execution(new Execution({ signal })).signal).toBe(signal);
  });

  it('makes a signal of its own when nobody can cancel, so that listeners do not pile up on a shared one', () => {
    const [a, b] = [new Execution(), new Execution()];

    expect(a.signal).toBe(a.signal);
    expect(a.signal).not.toBe(b.signal);
  });

  it('starts an operation in the turn of the call, and turns a synchronous throw into a rejection', async () => {
    const execution = new Execution();
    const own = Promise.resolve('own');
    const bug = new Error('bug');

    expect(execution.start(() => own)).toBe(own);
    expect(await execution.start((context) => context)).toBe(execution);
    await expect(
      execution.start(() => {
        throw bug;
      }),
    ).rejects.toBe(bug);
  });

  it('counts the time down to the deadline, and not below 0 ms', () => {
    const clock = new ManualClock();
    const execution = new Execution({ deadlineMs: 100 }, clock);

    clock.advanceSync(30);
    expect(execution.remainingMs()).toBe(70);
    clock.advanceSync(100);
    expect(execution.remainingMs()).toBe(0);
  });

  it('has all the time in the world without a deadline', () => {
    expect(new Execution().remainingMs()).toBe(Infinity);
    expect(new Execution({ deadlineMs: Infinity }).deadlineMs).toBeUndefined();
  });

  it('passes the rest of the time on, and lets a level inside shorten but never extend it', () => {
    const clock = new ManualClock();
    const outer = new Execution({ deadlineMs: 100 }, clock);
    clock.advanceSync(40);

    expect(new Execution(outer, clock).remainingMs()).toBe(60);
    expect(new Execution(outer, clock, { limitMs: 20 }).remainingMs()).toBe(20);
    expect(new Execution(outer, clock, { limitMs: 500 }).remainingMs()).toBe(60);
  });

  it('takes over what another copy of the package said, the attempt included', async () => {
    vi.resetModules();
    const other = await import('@holdfast/core');
    const { signal } = new AbortController();
    const theirs = new other.Execution({ signal, key: 'k', deadlineMs: 100 }, new ManualClock(), {
      attempt: 3,
    });

    const ours = new Execution(theirs, new ManualClock());

    expect(ours).not.toBeInstanceOf(other.Execution);
    expect([ours.attempt, ours.key, ours.remainingMs(), ours.signal]).toEqual([3, 'k', 100, signal]);
  });

  it('keeps the attempt until a policy sets another', () => {
    const second = new Execution(undefined, undefined, { attempt: 1 });

    expect(new Execution(second).attempt).toBe(1);
    expect(new Execution(second, undefined, { attempt: 4 }).attempt).toBe(4);
  });

  it.each([-1, Number.NaN, '5'])('refuses a deadline of %s', (deadlineMs) => {
    expect(() => new Execution({ deadlineMs: deadlineMs as number })).toThrow(InvalidOptionError);
  });
});
