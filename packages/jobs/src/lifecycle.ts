import { StalledError } from './errors.ts';
import type { Backoff, JobFailure } from './job.ts';
import type { JobRecord } from './job-record.ts';

/** Longest message of an error that is kept, in characters. */
const maxMessageLength = 2_000;

/** The rules below are the same on every engine; an engine only stores what they make of a record. */
export interface Rules {
  readonly maxStalls: number;
  readonly random: () => number;
}

/** Gives the job to somebody, as a new attempt under a new token. */
export function claim(record: JobRecord, leaseUntilAt: number): void {
  record.state = 'active';
  record.attempts += 1;
  record.token += 1;
  record.leaseUntilAt = leaseUntilAt;
}

/** Ends the lease without counting the attempt. */
export function release(record: JobRecord, now: number): 'waiting' | 'cancelled' {
  record.attempts -= 1;
  record.leaseUntilAt = undefined;
  if (record.cancelRequested) return finish(record, 'cancelled', now);
  record.state = 'waiting';
  return 'waiting';
}

export function fail(
  record: JobRecord,
  error: unknown,
  now: number,
  { random }: Rules,
): 'waiting' | 'dead' | 'cancelled' {
  record.failure = failureOf(error, now);
  if (record.cancelRequested) return finish(record, 'cancelled', now);
  if (record.attempts >= record.maxAttempts || factOf(error, 'retryable') === false)
    return finish(record, 'dead', now);
  record.state = 'waiting';
  record.leaseUntilAt = undefined;
  record.runAt = Math.ceil(now + (retryAfterOf(error) ?? backoffMs(record.backoff, record.attempts, random)));
  return 'waiting';
}

/** The lease ran out. The attempt is given back, or has failed if that happened too often. */
export function stall(
  record: JobRecord,
  now: number,
  rules: Rules,
): { readonly state: 'waiting' | 'dead' | 'cancelled'; readonly failed: boolean } {
  record.stalls += 1;
  if (record.stalls <= rules.maxStalls) return { state: release(record, now), failed: false };
  return { state: fail(record, new StalledError(record.stalls), now, rules), failed: true };
}

export function finish<const State extends 'completed' | 'dead' | 'cancelled'>(
  record: JobRecord,
  state: State,
  now: number,
): State {
  record.state = state;
  record.leaseUntilAt = undefined;
  record.finishedAt = now;
  return state;
}

/** The job waits again as when it was new; only its tokens go on, so that old ones stay invalid. */
export function redrive(record: JobRecord, now: number): void {
  record.state = 'waiting';
  record.runAt = now;
  record.attempts = 0;
  record.stalls = 0;
  record.finishedAt = undefined;
  record.failure = undefined;
}

/**
 * Full jitter: anything from 0 to the exponential delay.
 *
 * @param attempts - How many attempts have failed, from 1.
 * @see "Exponential Backoff and Jitter", AWS Architecture Blog, 2015
 */
export function backoffMs(
  { baseMs, factor, maxMs }: Backoff,
  attempts: number,
  random: () => number,
): number {
  // Infinity times a base of 0 would be no number, and the job would never come due.
  const growth = Math.min(factor ** (attempts - 1), Number.MAX_VALUE);
  return random() * Math.min(maxMs, baseMs * growth);
}

function retryAfterOf(error: unknown): number | undefined {
  const value = factOf(error, 'retryAfterMs');
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function failureOf(error: unknown, failedAt: number): JobFailure {
  const [name, code] = [factOf(error, 'name'), factOf(error, 'code')];
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: messageOf(error).slice(0, maxMessageLength),
    ...(typeof code === 'string' ? { code } : undefined),
    failedAt,
  };
}

function messageOf(error: unknown): string {
  try {
    return String(factOf(error, 'message') ?? error);
  } catch {
    return 'what was thrown has no text';
  }
}

/** Anything can be thrown, so nothing is believed about it, not even that it can be read. */
function factOf(error: unknown, fact: string): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  try {
    return (error as Record<string, unknown>)[fact];
  } catch {
    return undefined;
  }
}
