import { Bulkhead, type BulkheadOptions } from '@holdfast/bulkhead';
import { describe, expect, it } from 'vitest';

const refused: readonly (readonly [message: string, options: object])[] = [
  ["name must be a string that is not empty, got ''", { limit: 1, name: '' }],
  ['limit must be a whole number of at least 1, got undefined', {}],
  ['limit must be a whole number of at least 1, got 0', { limit: 0 }],
  ['limit must be a whole number of at least 1, got 1.5', { limit: 1.5 }],
  ['maxQueued must be a whole number of at least 0, got -1', { limit: 1, maxQueued: -1 }],
  ['maxQueued must be a whole number of at least 0, got Infinity', { limit: 1, maxQueued: Infinity }],
  ['maxWaitMs must be a finite number of milliseconds of at least 0, got -1', { limit: 1, maxWaitMs: -1 }],
  [
    "maxWaitMs must be a finite number of milliseconds of at least 0, got '1s'",
    { limit: 1, maxWaitMs: '1s' },
  ],
  ['clock must be an object with now(), epoch(), schedule(), got an object', { limit: 1, clock: {} }],
];

describe('BulkheadOptions', () => {
  it.each(refused)('%s', (message, options) => {
    expect(() => new Bulkhead(options as BulkheadOptions)).toThrow(message);
  });

  it('is named bulkhead, and has no queue unless told otherwise', () => {
    const bulkhead = new Bulkhead({ limit: 5, maxWaitMs: Infinity });

    expect(bulkhead.name).toBe('bulkhead');
    expect(bulkhead.statistics()).toMatchObject({ limit: 5, queueLimit: 0 });
  });

  it('keeps its limit when a new one is out of range', () => {
    const bulkhead = new Bulkhead({ limit: 5 });

    expect(() => bulkhead.resize(0)).toThrow('limit must be a whole number of at least 1, got 0');
    expect(bulkhead.limit).toBe(5);
  });
});
