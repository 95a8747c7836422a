import { Bulkhead } from '@holdfast/bulkhead';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import type { Criticality } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { Dedupe } from '@holdfast/dedupe';
import { Chaos, Fallback, Hedge, pipeline, Retry, Timeout } from '@holdfast/resilience';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** Every word that statistics may contain: what a metric is labelled with comes from there. */
const words: ReadonlySet<unknown> = new Set(
  'circuit-breaker bulkhead dedupe retry timeout hedge fallback chaos pipeline closed open half-open isolated disabled'.split(
    ' ',
  ),
);

/** Names and values of all fields, also of those inside. */
function contents(value: unknown): readonly [names: readonly string[], values: readonly unknown[]] {
  if (typeof value !== 'object' || value === null) return [[], [value]];
  const inner = Object.values(value).map(contents);
  return [
    [...Object.keys(value), ...inner.flatMap(([names]) => names)],
    inner.flatMap(([, values]) => values),
  ];
}

interface Caller {
  readonly key: string;
  readonly tenant: string;
  readonly criticality: Criticality;
  readonly fails: boolean;
}

async function statisticsOf(name: string, callers: readonly Caller[]): Promise<readonly unknown[]> {
  const clock = new ManualClock();
  const own = { name, clock };
  const parts = {
    fallback: new Fallback<unknown>({ ...own, answers: () => 'answer' }),
    dedupe: new Dedupe(own),
    retry: new Retry({ ...own, maxRetries: 1 }),
    hedge: new Hedge({ ...own, idempotent: true, delay: 5 }),
    breaker: new CircuitBreaker({ ...own, window: { calls: 2 } }),
    bulkhead: new Bulkhead({ ...own, limit: 1, maxQueued: 2 }),
    timeout: new Timeout({ ...own, timeoutMs: 20 }),
    chaos: new Chaos({ ...own, fault: { rate: 0.2 } }),
  };
  const service = pipeline<unknown>(name, { ...parts, clock });
  const calls = callers.map(({ fails, ...options }) =>
    service.execute(() => (fails ? Promise.reject(new Error(options.key)) : options.tenant), options),
  );
  const settled = Promise.allSettled(calls);
  await clock.advance(100_000);
  await settled;
  return [service, ...Object.values(parts)].map((each) => each.statistics());
}

describe('statistics', () => {
  it('invariant 40: have the same fields, and no word that is not ours, whatever names, keys and tenants there are', async () => {
    const text = fc.string({ minLength: 1, unit: 'binary' });
    const caller = fc.record<Caller>({
      key: text,
      tenant: text,
      criticality: fc.constantFrom('critical', 'normal', 'degradable', 'sheddable'),
      fails: fc.boolean(),
    });
    const [fields] = contents(await statisticsOf('service', []));

    await fc.assert(
      fc.asyncProperty(text, fc.array(caller, { maxLength: 8 }), async (name, callers) => {
        const [names, values] = contents(await statisticsOf(name, callers));

        expect(names).toEqual(fields);
        expect(values.filter((value) => typeof value === 'string' && !words.has(value))).toEqual([]);
      }),
    );
  });
});
