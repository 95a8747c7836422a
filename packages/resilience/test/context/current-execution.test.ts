import type { OperationContext } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import {
  currentExecution,
  deadlineHeader,
  deadlineHeaders,
  detached,
  pipeline,
  readDeadlineMs,
  Retry,
  withDeadline,
} from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

const left = (): number => currentExecution()?.remainingMs() ?? Infinity;

describe('withDeadline', () => {
  it('TO-12: is inherited by every call of a pipeline inside, also after an await', async () => {
    const clock = new ManualClock();
    const inner = pipeline('inner', { clock });
    const later = clock.advance(60);
    const seen: number[] = [];
    const hanging = ({ signal }: OperationContext): Promise<never> => {
      seen.push(left());
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      );
    };
    const call = withDeadline(100, () => later.then(() => inner.execute(hanging)), clock);
    const thrown = call.catch((error: unknown) => error);
    await later;
    await clock.advance(40);

    expect(await thrown).toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
    expect(seen).toEqual([40]);
    expect(currentExecution()).toBeUndefined();
    expect(clock.pending()).toBe(0);
  });

  it('TO-12: is the shorter one of two, and is never extended', () => {
    const clock = new ManualClock();

    withDeadline(
      100,
      () => {
        withDeadline(1_000, () => expect(left()).toBe(100), clock);
        withDeadline(10, () => expect(left()).toBe(10), clock);
        withDeadline(Infinity, () => expect(left()).toBe(100), clock);
        expect(left()).toBe(100);
      },
      clock,
    );
    expect(left()).toBe(Infinity);
  });

  it('TO-12: is handed on by a pipeline with a deadline to a pipeline inside, through functions that know nothing of it', async () => {
    const clock = new ManualClock();
    const inner = pipeline('inner', { clock, deadlineMs: 1_000 });
    const outer = pipeline('outer', { clock, deadlineMs: 100 });
    const seen = await outer.execute(async () => {
      await clock.advance(30);
      return inner.execute((context) => context.remainingMs());
    });

    expect(seen).toBe(70);
  });

  it('TO-12: does not reach work that callers share', async () => {
    const clock = new ManualClock();
    const shared = pipeline('shared', { clock, dedupe: true });
    const seen: number[] = [];
    const call = withDeadline(
      50,
      () =>
        shared.execute(
          async () => {
            seen.push(left());
            await clock.advance(60);
            return 'value';
          },
          { key: 'k' },
        ),
      clock,
    );
    const other = shared.execute(() => 'other', { key: 'k' });

    await expect(call).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
    expect(await other).toBe('value');
    expect(seen).toEqual([Infinity]);
  });

  it('does not reach what is detached from it', () => {
    expect(withDeadline(50, () => detached(left))).toBe(Infinity);
    expect(detached(() => 'outside')).toBe('outside');
  });

  it('costs a call without a deadline nothing: no context is shared then', async () => {
    const seen = await pipeline('plain', { retry: 1 }).execute(() => currentExecution() ?? 'none');

    expect(seen).toBe('none');
  });

  it.each([-1, Number.NaN, '5'])('refuses %j', (deadlineMs) => {
    expect(() => withDeadline(deadlineMs as number, () => 1)).toThrow('deadlineMs must be');
  });
});

describe('a retry inside an attempt that is one itself', () => {
  const counted = (
    nested: 'once' | 'allow' | undefined,
    outer: (run: () => Promise<unknown>) => Promise<unknown>,
  ) => {
    let executions = 0;
    const backoff = { initialMs: 0 };
    const inner = new Retry({ maxRetries: 2, backoff, nested });
    const failing = (): Promise<never> => {
      executions += 1;
      return Promise.reject(new Error('down'));
    };
    return outer(() => inner.execute(failing)).catch(() => executions);
  };
  const settings = { maxRetries: 2, backoff: { initialMs: 0 } };
  const outers = {
    'a retry': (run: () => Promise<unknown>) => new Retry(settings).execute(run),
    'a pipeline': (run: () => Promise<unknown>) => pipeline('outer', { retry: settings }).execute(run),
  };

  it.each(Object.entries(outers))('RT-16: does not multiply the attempts of %s', async (_, outer) => {
    // 3 in the first attempt of the outer one, and 1 in each of its 2 retries.
    expect(await counted(undefined, outer)).toBe(5);
  });

  it.each(Object.entries(outers))('RT-16: does so if it is allowed to, within %s', async (_, outer) => {
    expect(await counted('allow', outer)).toBe(9);
  });
});

describe('the header of a deadline', () => {
  it('carries what is left, in whole milliseconds, rounded down', () => {
    const clock = new ManualClock();

    expect(withDeadline(99.9, () => deadlineHeaders(), clock)).toEqual({ [deadlineHeader]: '99' });
    expect(deadlineHeaders()).toEqual({});
    expect(deadlineHeaders(0)).toEqual({ 'x-deadline-ms': '0' });
  });

  it('is read from headers of either kind', () => {
    expect(readDeadlineMs({ 'x-deadline-ms': '250' })).toBe(250);
    expect(readDeadlineMs(new Headers({ 'X-Deadline-Ms': '250' }))).toBe(250);
    expect(readDeadlineMs({})).toBeUndefined();
  });

  it.each(['', '-1', '1.5', '1e3', 'soon', '9'.repeat(16), ' 5'])('is left alone if it is %j', (value) => {
    expect(readDeadlineMs({ 'x-deadline-ms': value })).toBeUndefined();
  });

  it('is bounded, and left alone if it comes twice', () => {
    expect(readDeadlineMs({ 'x-deadline-ms': '999999999999' })).toBe(86_400_000);
    expect(readDeadlineMs({ 'x-deadline-ms': ['1', '2'] })).toBeUndefined();
  });
});
