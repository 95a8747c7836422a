import { ManualClock, settle } from '@holdfast/core/testing';
import {
  Fallback,
  type FallbackEvent,
  type FallbackOptions,
  pipeline,
  type PipelineEvent,
} from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

function setUp<Fallen>(options: FallbackOptions<Fallen>) {
  const clock = new ManualClock();
  const fallback = new Fallback({ clock, ...options });
  const events: FallbackEvent[] = [];
  fallback.events.subscribe((event) => events.push(event));
  return { clock, fallback, events };
}

const down = new Error('down');
const failing = (): Promise<never> => Promise.reject(down);

describe('Fallback', () => {
  it('stays out of the way of what succeeds', async () => {
    const { fallback } = setUp({ answers: () => 'answer' });

    expect(await fallback.execute(() => 'value')).toBe('value');
    expect(fallback.statistics().calls).toEqual({ answered: 0, failed: 0, refused: 0 });
  });

  it('gives the answer the error and the context', async () => {
    const { fallback } = setUp({ answers: (error, { attempt }) => [error, attempt] });

    expect(await fallback.execute(failing)).toEqual([down, 0]);
  });

  it('FB-01: skips what it is told to skip, even if it handles it', async () => {
    const { fallback } = setUp({
      answers: () => 'answer',
      handles: (error) => error instanceof Error,
      skips: (error) => error instanceof TypeError,
    });
    const thrown = new TypeError('own');

    expect(await fallback.execute(failing)).toBe('answer');
    await expect(fallback.execute(() => Promise.reject(thrown))).rejects.toBe(thrown);
    await expect(fallback.execute(() => Promise.reject('text'))).rejects.toBe('text');
  });

  it('FB-01: does not answer a caller that has left', async () => {
    const { fallback } = setUp({ answers: () => 'answer' });
    const controller = new AbortController();
    const leaving = (): Promise<never> => {
      controller.abort('left');
      return failing();
    };

    await expect(fallback.execute(leaving, { signal: controller.signal })).rejects.toBe('left');
  });

  it.each([
    ['a caller that has left', { signal: AbortSignal.abort('left') }, 'left'],
    [
      'a call whose deadline is over',
      { deadlineMs: 0 },
      expect.objectContaining({ code: 'ERR_DEADLINE_EXCEEDED' }),
    ],
  ])('runs nothing for %s, and does not answer it', async (_, options, reason) => {
    const { fallback } = setUp({ answers: () => 'answer' });
    let executions = 0;
    const call = fallback.execute(() => (executions += 1), options);
    const outcome: unknown = await call.catch((error: unknown) => error);

    expect(outcome).toEqual(reason);
    expect(executions).toBe(0);
  });

  it('FB-01: comes after all other policies of a pipeline', async () => {
    let executions = 0;
    const service = pipeline('service', {
      retry: { maxRetries: 2, backoff: { initialMs: 0 } },
      fallback: { answers: () => executions },
    });

    expect(
      await service.execute(() => {
        executions += 1;
        return failing();
      }),
    ).toBe(3);
    expect(service.parts.fallback?.statistics().calls.answered).toBe(1);
  });

  it('FB-02: throws what the answer throws, caused by what the operation threw', async () => {
    const { fallback } = setUp({
      answers: () => {
        throw new Error('no stale value');
      },
    });

    await expect(fallback.execute(failing)).rejects.toMatchObject({ message: 'no stale value', cause: down });
  });

  it.each<[string, unknown]>([
    ['has a cause', new Error('own', { cause: 'own cause' })],
    ['is frozen', Object.freeze(new Error('frozen'))],
    ['is no error', 'text'],
    ['is the very error of the operation', down],
  ])('FB-02: leaves what the answer throws alone if it %s', async (_, thrown) => {
    const { fallback } = setUp({ answers: () => Promise.reject(thrown) });
    const before = thrown instanceof Error ? thrown.cause : undefined;

    await expect(fallback.execute(failing)).rejects.toBe(thrown);
    expect(thrown instanceof Error ? thrown.cause : undefined).toBe(before);
  });

  it('FB-02: tries the answers in their order until one does not throw', async () => {
    const { fallback, events } = setUp<unknown>({
      answers: [() => Promise.reject(new Error('first')), () => Promise.resolve('second'), () => 'third'],
    });

    expect(await fallback.execute(failing)).toBe('second');
    expect(events).toEqual([{ type: 'answered', policy: 'fallback', error: down, source: 1 }]);
  });

  it('FB-02: tries no further answer when the caller has left', async () => {
    const caller = new AbortController();
    const tried: string[] = [];
    const fallback = new Fallback({
      answers: [
        () => {
          tried.push('first');
          caller.abort();
          throw new Error('none');
        },
        () => tried.push('second'),
      ],
    });

    await expect(fallback.execute(failing, { signal: caller.signal })).rejects.toThrow('none');
    expect(tried).toEqual(['first']);
  });

  it('FB-02: tries no further answer when the deadline has passed', async () => {
    const { clock, fallback } = setUp<unknown>({
      answers: [
        async () => {
          await clock.advance(100);
          throw new Error('late');
        },
        () => 'second',
      ],
    });

    await expect(fallback.execute(failing, { deadlineMs: 100 })).rejects.toMatchObject({ message: 'late' });
  });

  it('FB-03: answers at most so many calls at once; the others fail with their own error', async () => {
    const answer = Promise.withResolvers<string>();
    const { fallback, events } = setUp({ answers: () => answer.promise, maxConcurrent: 2 });
    const calls = [fallback.execute(failing), fallback.execute(failing)];
    await expect(fallback.execute(failing)).rejects.toBe(down);
    expect(fallback.statistics()).toMatchObject({ running: 2, calls: { refused: 1 } });
    answer.resolve('answer');

    expect(await Promise.all(calls)).toEqual(['answer', 'answer']);
    expect(await fallback.execute(failing)).toBe('answer');
    expect(events.filter(({ type }) => type === 'refused')).toEqual([
      { type: 'refused', policy: 'fallback', error: down },
    ]);
    expect(fallback.statistics().running).toBe(0);
  });

  it('FB-04: tells that an answer stands in for another, and which one it is', async () => {
    const service = pipeline('service', {
      fallback: { answers: [() => Promise.reject(new Error('first')), () => 'second'] },
    });
    const events: PipelineEvent[] = [];
    service.events.subscribe((event) => events.push(event));

    expect(await service.execute(failing)).toBe('second');
    expect(events).toEqual([
      { slot: 'fallback', event: { type: 'answered', policy: 'service', error: down, source: 1 } },
    ]);
    expect(service.statistics().calls).toEqual({ success: 0, failure: 0, fallback: 1, cancelled: 0 });
  });

  it('leaves no rejection unhandled when the caller of a pipeline is gone before its answer', async () => {
    const clock = new ManualClock();
    const answer = Promise.withResolvers<string>();
    const service = pipeline('service', { clock, deadlineMs: 100, fallback: () => answer.promise });
    const outcome = service.execute(failing).catch((error: unknown) => error);
    await clock.advance(100);
    answer.reject(new Error('late'));

    expect(await outcome).toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
    await settle();
    expect(service.parts.fallback?.statistics().calls.failed).toBe(1);
  });

  it.each<[string, unknown]>([
    ['answers', { answers: [] }],
    ['answers', { answers: [1] }],
    ['answers', {}],
    ['maxConcurrent', { answers: () => 1, maxConcurrent: 0 }],
    ['handles', { answers: () => 1, handles: 1 }],
    ['skips', { answers: () => 1, skips: 1 }],
    ['name', { answers: () => 1, name: '' }],
  ])('refuses bad %s', (option, options) => {
    expect(() => new Fallback(options as FallbackOptions<unknown>)).toThrowError(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }),
    );
  });
});
