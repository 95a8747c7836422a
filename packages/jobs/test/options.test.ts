import { type JobQueueOptions, MemoryJobQueue, Worker } from '@holdfast/jobs';
import { SqliteJobQueue } from '@holdfast/jobs/sqlite';
import { describe, expect, it } from 'vitest';

const invalid = expect.objectContaining({ code: 'ERR_INVALID_OPTION' });

describe('JobQueueOptions', () => {
  const bad: [string, object, string][] = [
    ['an empty name', { name: '' }, 'name must be'],
    ['no lease', { leaseMs: 0 }, 'leaseMs must be'],
    ['a negative number of stalls', { maxStalls: -1 }, 'maxStalls must be'],
    ['a negative aging', { agingMs: -1 }, 'agingMs must be'],
    ['a negative payload', { maxPayloadBytes: -1 }, 'maxPayloadBytes must be'],
    ['a negative result', { maxResultBytes: -1 }, 'maxResultBytes must be'],
    ['a negative age', { retention: { finished: { maxAgeMs: -1 } } }, 'retention.finished.maxAgeMs must be'],
    ['part of a job', { retention: { dead: { maxCount: 0.5 } } }, 'retention.dead.maxCount must be'],
    ['a clock that stands still', { clock: {} }, 'clock must be'],
    ['a number for randomness', { random: 1 }, 'random must be a function'],
  ];

  it.each(bad)('refuse %s', (_, options, message) => {
    expect(() => new MemoryJobQueue(options as JobQueueOptions)).toThrow(invalid);
    expect(() => new MemoryJobQueue(options as JobQueueOptions)).toThrow(message);
    expect(() => new SqliteJobQueue({} as never, options as JobQueueOptions)).toThrow(message);
  });

  it('refuse a database that is none', () => {
    expect(() => new SqliteJobQueue({} as never)).toThrow(
      'database must be an object with exec(), prepare()',
    );
  });
});

describe('WorkerOptions', () => {
  const bad: [string, object, string][] = [
    ['an empty name', { name: '' }, 'name must be'],
    ['no concurrency', { concurrency: 0 }, 'concurrency must be'],
    ['a poll without end', { pollMs: 0 }, 'pollMs must be'],
    ['a negative grace', { graceMs: -1 }, 'graceMs must be'],
    ['a negative end', { killAfterMs: -1 }, 'killAfterMs must be'],
    ['a clock that stands still', { clock: {} }, 'clock must be'],
  ];

  it.each(bad)('refuse %s', (_, options, message) => {
    const make = (): unknown => new Worker(new MemoryJobQueue(), {}, options);

    expect(make).toThrow(invalid);
    expect(make).toThrow(message);
  });

  it('refuse what is no queue, and a handler that is no function', () => {
    expect(() => new Worker({} as never, {})).toThrow('queue must be');
    expect(() => new Worker(new MemoryJobQueue(), { mail: 'no' as never })).toThrow('handlers must be');
    expect(() => new Worker(new MemoryJobQueue(), null as never)).toThrow('handlers must be');
  });

  it('refuse a queue without events before the worker has started by half', () => {
    const silent = Object.defineProperty(new MemoryJobQueue(), 'events', { value: undefined });

    expect(() => new Worker(silent, {})).toThrow('queue.events must be');
  });
});
