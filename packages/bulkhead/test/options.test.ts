import { Bulkhead, type BulkheadOptions, presets } from '@holdfast/bulkhead';
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
  ["limit must be a whole number of at least 1, got 'automatic'", { limit: 'automatic' }],
  ['limit must be a whole number of at least 1, got null', { limit: null }],
  ['limit.min must be a whole number of at least 1, got 0', { limit: { min: 0 } }],
  ['limit.max must be a whole number of at least 9, got 8', { limit: { min: 9, max: 8 } }],
  ['limit.initial must be a whole number from 2 to 8, got 9', { limit: { min: 2, max: 8, initial: 9 } }],
  ['limit.initial must be a whole number from 2 to 8, got 1', { limit: { min: 2, max: 8, initial: 1 } }],
  ['limit.windowMs must be a finite number of milliseconds of at least 1, got 0', { limit: { windowMs: 0 } }],
  ['limit.minSamples must be a whole number of at least 1, got 0', { limit: { minSamples: 0 } }],
  [
    'limit.probeIntervalMs must be a finite number of milliseconds of at least 1, got 0',
    { limit: { probeIntervalMs: 0 } },
  ],
  ["discipline must be one of 'codel', 'fifo', got 'lifo'", { limit: 1, discipline: 'lifo' }],
  [
    'targetWaitMs must be a finite number of milliseconds of at least 0, got -1',
    { limit: 1, targetWaitMs: -1 },
  ],
  ['shedAfterMs must be a finite number of milliseconds of at least 1, got 0', { limit: 1, shedAfterMs: 0 }],
  ['minShareRatio must be a number from 0 to 0.25, got 0.3', { limit: 1, minShareRatio: 0.3 }],
  ['minShareRatio must be a number from 0 to 0.25, got -0.1', { limit: 1, minShareRatio: -0.1 }],
  ["minShareRatio must be a number from 0 to 0.25, got '0.1'", { limit: 1, minShareRatio: '0.1' }],
  ['tenantWeight must be a function, got 2', { limit: 1, tenantWeight: 2 }],
  ['isOverload must be a function, got an object', { limit: 1, isOverload: {} }],
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

  it('has presets for what services usually call', () => {
    const queues = Object.entries(presets).map(([name, options]) => {
      const { limit, queueLimit } = new Bulkhead(options).statistics();
      return [name, limit, queueLimit];
    });

    expect(queues).toEqual([
      ['database', 50, 200],
      ['external', 10, 100],
      ['compute', 5, 100],
    ]);
  });

  const wrongCalls: readonly (readonly [message: string, call: object, weight: number])[] = [
    [
      "criticality must be one of 'critical', 'normal', 'degradable', 'sheddable', got 'high'",
      { criticality: 'high' },
      1,
    ],
    ['tenantWeight() must be a whole number from 1 to 1000, got 0', { tenant: 'a' }, 0],
    ['tenantWeight() must be a whole number from 1 to 1000, got 1001', { tenant: 'a' }, 1_001],
    ['tenantWeight() must be a whole number from 1 to 1000, got 1.5', { tenant: 'a' }, 1.5],
  ];
  it.each(wrongCalls)('refuses a call that would have to wait: %s', async (message, call, weight) => {
    const bulkhead = new Bulkhead({ limit: 1, maxQueued: 1, tenantWeight: () => weight });
    bulkhead.tryAcquire();

    await expect(bulkhead.execute(() => 'ran', call)).rejects.toThrow(message);

    expect(bulkhead.statistics()).toMatchObject({ queued: 0, tenants: 0, calls: { queued: 0 } });
  });
});
