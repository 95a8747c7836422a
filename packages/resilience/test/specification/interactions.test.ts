import { type PipelineSlots, TimeoutError } from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

import { type Facts, play } from './play.ts';

type Row = readonly [
  id: string,
  what: string,
  slots: PipelineSlots<unknown>,
  script: string,
  executions: string,
  facts: { readonly [Fact in keyof Facts]?: unknown },
];

const steady = { jitter: 'none' } as const;
const timeout = { timeoutMs: 100 };
/** Opens at the fourth failure, for longer than any script waits. */
const breaker = { window: { calls: 4 }, failureRatio: 1, openForMs: 3_600_000 };
const retries = (maxRetries: number) => ({ maxRetries, backoff: steady });
const notTimeouts = (error: unknown): boolean => !(error instanceof TimeoutError);

// How two policies act on each other: what Eclipse MicroProfile Fault Tolerance wants of it, with our names.
const rows: readonly Row[] = [
  [
    'PI-03',
    'a timeout is retried',
    { retry: retries(1), timeout },
    'c.',
    'hh',
    { ended: 'timeout', executions: 2, timeout: { timedOut: 2, inTime: 0 } },
  ],
  [
    'PI-03',
    'a retry that is in time answers',
    { retry: retries(1), timeout },
    'c.',
    'hs',
    { ended: 'value', executions: 2, timeout: { timedOut: 1, inTime: 1 } },
  ],
  [
    'PI-03',
    'a failure in time is retried and no timeout',
    { retry: retries(1), timeout },
    'c.',
    'ff',
    { ended: 'down', executions: 2, timeout: { timedOut: 0, inTime: 2 } },
  ],
  [
    'PI-03',
    'a timeout that is not to be retried ends the call',
    { retry: { ...retries(3), isRetryable: notTimeouts }, timeout },
    'c.',
    'hhhh',
    { ended: 'timeout', executions: 1 },
  ],
  [
    'PI-03',
    'each attempt has all of the time',
    { retry: retries(2), timeout: { timeoutMs: 201 } },
    'c.',
    'fft',
    { ended: 'value', executions: 3 },
  ],
  [
    'PI-03',
    'timeouts open the circuit',
    { timeout, breaker },
    'c.c.c.c.c.',
    'hhhh',
    { ended: 'timeout timeout timeout timeout circuit_open', executions: 4, circuit: { state: 'open' } },
  ],
  [
    'PI-03',
    'timeouts that the breaker is told to ignore do not',
    { timeout, breaker: { ...breaker, classify: () => 'ignore' } },
    'c.c.c.c.c.',
    'hhhhh',
    { executions: 5, circuit: { state: 'closed' } },
  ],
  [
    'PI-03',
    'more retries than it takes to open the circuit end at it',
    { retry: retries(7), breaker },
    'c.',
    'ffffffff',
    { ended: 'circuit_open', executions: 4, circuit: { state: 'open' } },
  ],
  [
    'PI-03',
    'fewer retries end with the failure',
    { retry: retries(2), breaker },
    'c.',
    'fff',
    { ended: 'down', executions: 3, circuit: { state: 'closed' } },
  ],
  [
    'PI-03',
    'timeouts of attempts open the circuit, too',
    { retry: retries(7), timeout, breaker },
    'c.',
    'hhhhhhhh',
    { ended: 'circuit_open', executions: 4, timeout: { timedOut: 4 } },
  ],
  [
    'PI-03',
    'a mistake in the program is not retried',
    { retry: retries(3) },
    'c.',
    'bbbb',
    { ended: 'mistake', executions: 1 },
  ],
  [
    'PI-03',
    'a full bulkhead refuses, and is not asked again',
    { retry: retries(3), bulkhead: 1 },
    'cc.',
    'h',
    { ended: 'bulkhead_full', executions: 1, bulkhead: { calls: { admitted: 1, rejectedFull: 1 } } },
  ],
  [
    'PI-03',
    'a full bulkhead is asked again where the retry is told to',
    { retry: { ...retries(3), isRetryable: () => true }, bulkhead: 1 },
    'cc.',
    'ts',
    { ended: 'value value', executions: 2 },
  ],
  [
    'PI-03',
    'a full bulkhead does not open the circuit',
    { bulkhead: 1, breaker },
    'ccccccc.',
    'h',
    { executions: 1, circuit: { state: 'closed', calls: { failure: 0 } } },
  ],
  [
    'PI-03',
    'a timeout does not bound the wait for a slot',
    { bulkhead: { limit: 1, maxQueued: 1 }, timeout: { timeoutMs: 201 } },
    'cc.',
    'tt',
    { ended: 'value value', executions: 2 },
  ],
  [
    'PI-03',
    'a fallback answers a timeout',
    { timeout, fallback: () => 'fallback' },
    'c.',
    'h',
    { ended: 'fallback', executions: 1 },
  ],
  [
    'PI-03',
    'a fallback answers an open circuit',
    { breaker, fallback: () => 'fallback' },
    'c.c.c.c.c.',
    'ffff',
    { ended: 'fallback fallback fallback fallback fallback', executions: 4 },
  ],
  [
    'PI-03',
    'a fallback comes after the last retry',
    { retry: retries(2), fallback: () => 'fallback' },
    'c.',
    'fff',
    { ended: 'fallback', executions: 3 },
  ],
  [
    'PI-03',
    'a fallback that skips an error leaves it',
    { retry: retries(1), fallback: { answers: () => 'fallback', skips: notTimeouts }, timeout },
    'c.c.',
    'ffhh',
    { ended: 'down fallback', executions: 4 },
  ],
  [
    'PI-03',
    'a fallback that fails is not retried',
    { retry: retries(2), fallback: () => Promise.reject(new Error('worse')) },
    'c.',
    'fff',
    { ended: 'worse', executions: 3 },
  ],

  [
    'EV-01',
    'a success without retry',
    { retry: retries(1), timeout, breaker, bulkhead: 1 },
    'c.',
    's',
    {
      calls: { success: 1, failure: 0, fallback: 0, cancelled: 0 },
      retry: {
        calls: {
          succeededWithoutRetry: 1,
          succeededAfterRetry: 0,
          failedWithoutRetry: 0,
          failedAfterRetry: 0,
        },
        retries: 0,
      },
      timeout: { inTime: 1, timedOut: 0 },
      circuit: { state: 'closed', calls: { success: 1, failure: 0, rejected: 0 } },
      bulkhead: { running: 0, queued: 0, calls: { admitted: 1, rejectedFull: 0 } },
    },
  ],
  [
    'EV-01',
    'a success after a retry',
    { retry: retries(1), timeout, breaker, bulkhead: 1 },
    'c.',
    'fs',
    {
      calls: { success: 1, failure: 0 },
      retry: { calls: { succeededAfterRetry: 1, succeededWithoutRetry: 0 }, retries: 1 },
      timeout: { inTime: 2, timedOut: 0 },
      circuit: { calls: { success: 1, failure: 1 } },
      bulkhead: { calls: { admitted: 2 } },
    },
  ],
  [
    'EV-01',
    'a failure after all retries',
    { retry: retries(1), breaker },
    'c.',
    'ff',
    {
      calls: { success: 0, failure: 1 },
      retry: { calls: { failedAfterRetry: 1, failedWithoutRetry: 0 }, retries: 1 },
      circuit: { calls: { success: 0, failure: 2 } },
    },
  ],
  [
    'EV-01',
    'a failure that is not retried',
    { retry: { ...retries(1), isRetryable: () => false } },
    'c.',
    'f',
    {
      calls: { failure: 1 },
      retry: { calls: { failedWithoutRetry: 1, failedAfterRetry: 0 }, retries: 0 },
    },
  ],
  [
    'EV-01',
    'a call that its fallback answered',
    { fallback: () => 'fallback' },
    'c.',
    'f',
    {
      calls: { success: 0, failure: 0, fallback: 1, cancelled: 0 },
    },
  ],
  [
    'EV-01',
    'calls that an open circuit refused',
    { breaker },
    'c.c.c.c.c.c.',
    'ffff',
    {
      calls: { failure: 6 },
      circuit: { state: 'open', calls: { failure: 4, rejected: 2 } },
    },
  ],
  [
    'EV-01',
    'slots, waits and refusals',
    { bulkhead: { limit: 1, maxQueued: 1 } },
    'ccc+',
    'h',
    {
      calls: { failure: 1 },
      bulkhead: { running: 1, queued: 1, calls: { admitted: 1, queued: 1, rejectedFull: 1 } },
    },
  ],
  [
    'EV-02',
    'a timeout, a failure and a success are one call, two retries and three executions',
    { retry: retries(2), timeout },
    'c.',
    'hfs',
    {
      ended: 'value',
      executions: 3,
      calls: { success: 1, failure: 0, fallback: 0, cancelled: 0 },
      retry: { calls: { succeededAfterRetry: 1 }, retries: 2 },
      timeout: { timedOut: 1, inTime: 2 },
    },
  ],
];

describe('policies that act on each other', () => {
  it.each(rows)('%s: %s', async (_id, _what, slots, script, executions, facts) => {
    expect(await play(slots, script, executions)).toMatchObject(facts);
  });
});
