import type { Decision, LimitState } from '@holdfast/rate-limiter';
import { parseRateLimit, rateLimitHeaders } from '@holdfast/rate-limiter/http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const names = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});

const states: fc.Arbitrary<LimitState> = fc
  .record({
    limit: fc.integer({ min: 1, max: 1_000_000 }),
    windowMs: fc.integer({ min: 1, max: 100_000_000 }),
    leftRatio: fc.double({ min: 0, max: 1, noNaN: true }),
    retryAfterMs: fc.nat(1_000_000),
  })
  .map(({ limit, windowMs, leftRatio, retryAfterMs }) => ({
    limit,
    windowMs,
    by: 'user',
    remaining: Math.floor(limit * leftRatio),
    retryAfterMs,
    resetMs: windowMs,
  }));

const decisions: fc.Arbitrary<Decision> = fc
  .tuple(
    fc.uniqueArray(fc.tuple(names, states, fc.boolean()), {
      minLength: 1,
      maxLength: 4,
      selector: ([name]) => name,
    }),
    fc.nat(1_000_000),
  )
  .filter(([entries]) => entries.every(([name]) => name !== '__proto__'))
  .map(([entries, retryAfterMs]) => {
    const violated = entries.filter(([, , refuses]) => refuses).map(([name]) => name);
    return {
      allowed: violated.length === 0,
      source: 'memory',
      binding: violated[0],
      violated,
      limits: Object.fromEntries(entries.map(([name, state]) => [name, state])),
      retryAfterMs,
      impossible: false,
    };
  });

describe('rateLimitHeaders', () => {
  it('is read back by parseRateLimit, and promises no more than the limits', () => {
    fc.assert(
      fc.property(decisions, fc.option(fc.string(), { nil: undefined }), (decision, spreadBy) => {
        const { policies, limits, retryAfterMs } = parseRateLimit(rateLimitHeaders(decision, { spreadBy }));

        expect(policies.map(({ name, quota }) => [name, quota])).toEqual(
          Object.entries(decision.limits).map(([name, state]) => [name, state?.limit]),
        );
        for (const { name, remaining, resetMs = 0 } of limits) {
          const { quota = 0, windowMs = 0 } = policies.find((policy) => policy.name === name) ?? {};
          expect(remaining).toBe(decision.limits[name]?.remaining);
          expect(remaining * windowMs).toBeLessThanOrEqual(quota * resetMs);
          expect(windowMs).toBeGreaterThanOrEqual(decision.limits[name]?.windowMs ?? Infinity);
          expect(decision.allowed || (retryAfterMs ?? 0) >= resetMs).toBe(true);
        }
        expect(retryAfterMs === undefined).toBe(decision.allowed);
        expect(decision.allowed || (retryAfterMs ?? 0) >= Math.max(1_000, decision.retryAfterMs)).toBe(true);
      }),
    );
  });
});

describe('parseRateLimit', () => {
  it('takes any text without an error', () => {
    const pieces = fc.array(
      fc.constantFrom('"', 'a', '\\', ';', 'r=1', 't', ',', ' ', ':', '?1', '(', '@1', '%"', '1.5', '-'),
    );

    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map((each) => each.join('')),
        ),
        (field) => {
          const { limits } = parseRateLimit({ ratelimit: field });
          for (const { remaining } of limits) expect(remaining).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});
