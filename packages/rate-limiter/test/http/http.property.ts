import {
  parseRateLimit,
  rateLimitHeaders,
  type ToldDecision,
  type ToldState,
} from '@holdfast/rate-limiter/http';
import fc from 'fast-check';
import { type Item, parseList, serializeList } from 'structured-headers';
import { describe, expect, it } from 'vitest';
import { decision } from './decisions.ts';

const names = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
  })
  .filter((name) => name !== '__proto__');

const states: fc.Arbitrary<ToldState> = fc
  .record({
    limit: fc.integer({ min: 1, max: 1_000_000 }),
    windowMs: fc.integer({ min: 1, max: 100_000_000 }),
    // Not a double: those are drawn by their bits, so that nearly all of them are next to 0.
    leftRatio: fc.oneof(
      fc.constant(0),
      fc.nat(2_000).map((thousandths) => thousandths / 1_000),
    ),
    retryAfterMs: fc.nat(1_000_000),
    by: fc.constantFrom('user', 'ip', 'global'),
    shadow: fc.boolean(),
    countsAttempts: fc.boolean(),
  })
  .map(({ leftRatio, ...rest }) =>
    Object.assign(rest, { burst: rest.limit * 2, remaining: Math.floor(rest.limit * leftRatio) }),
  );

const decisions: fc.Arbitrary<ToldDecision> = fc
  .tuple(
    fc.uniqueArray(fc.tuple(names, states, fc.boolean()), { maxLength: 4, selector: ([name]) => name }),
    fc.nat(1_000_000),
    fc.boolean(),
    fc.constantFrom<ToldDecision['source'][]>('memory', 'redis', 'local'),
  )
  .map(([entries, retryAfterMs, blocked, source]) => {
    const violated = entries.filter(([, { shadow }, refuses]) => refuses && !shadow).map(([name]) => name);
    return decision(Object.fromEntries(entries.map(([name, each]) => [name, each])), {
      allowed: violated.length === 0 && !blocked,
      source,
      violated,
      retryAfterMs,
      blocked,
    });
  });

const subjects = fc.option(
  fc.oneof(fc.string({ minLength: 1 }), fc.record({ user: fc.string({ minLength: 1 }) })),
  { nil: undefined },
);
const options = fc.record({
  quotas: fc.constantFrom<('all' | 'binding')[]>('all', 'binding'),
  send: fc.constantFrom<('always' | 'near-limit')[]>('always', 'near-limit'),
  subject: subjects,
  partitionSecret: fc.constantFrom(undefined, 'correct horse battery'),
});

describe('rateLimitHeaders', () => {
  it('invariant 16: is read back by parseRateLimit, and promises no more than the limits: r/t is at most q/w', () => {
    fc.assert(
      fc.property(decisions, options, (told, given) => {
        const { policies, limits, retryAfterMs = 0 } = parseRateLimit(rateLimitHeaders(told, given));

        const silent = told.allowed && given.send === 'near-limit';
        const own = Object.entries(told.limits as Record<string, ToldState>).filter(
          ([, { by, shadow }]) => by !== 'global' && !shadow,
        );
        expect(policies.map(({ name, quota }) => [name, quota])).toEqual(
          silent && policies.length === 0 ? [] : own.map(([name, { limit }]) => [name, limit]),
        );
        for (const { name, remaining, resetMs = 0 } of limits) {
          const { quota = 0, windowMs = 0 } = policies.find((policy) => policy.name === name) ?? {};
          expect(remaining).toBe(told.limits[name]?.remaining);
          expect(remaining * windowMs).toBeLessThanOrEqual(quota * resetMs);
          expect(windowMs).toBeGreaterThanOrEqual(told.limits[name]?.windowMs ?? Infinity);
          expect(told.allowed || retryAfterMs >= resetMs).toBe(true);
        }
        expect(told.source === 'local' && limits.length > 0).toBe(false);
      }),
    );
  });

  it('invariant 16: asks a refused call to wait for whole seconds, not before any t and not much longer', () => {
    fc.assert(
      fc.property(decisions, options, (told, given) => {
        const fields = rateLimitHeaders(told, given);

        expect('Retry-After' in fields).toBe(!told.allowed);
        if (told.allowed) return;
        expect(fields['Retry-After']).toMatch(/^[1-9]\d*$/);
        const { limits } = parseRateLimit(fields);
        const earliest = Math.max(
          1,
          Math.ceil(told.retryAfterMs / 1_000),
          ...limits.map(({ resetMs = 0 }) => resetMs / 1_000),
        );
        const seconds = Number(fields['Retry-After']);
        expect(seconds).toBeGreaterThanOrEqual(earliest);
        expect(seconds).toBeLessThanOrEqual(Math.ceil(earliest + Math.min(earliest / 4, 5)));
      }),
    );
  });

  it('invariant 16: writes the canonical form of structured fields', () => {
    fc.assert(
      fc.property(decisions, options, (told, given) => {
        const fields = rateLimitHeaders(told, given);

        for (const name of ['RateLimit-Policy', 'RateLimit']) {
          const field = fields[name];
          if (field === undefined) continue;
          expect(serializeList(parseList(field))).toBe(field);
        }
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
          const { limits } = parseRateLimit({ ratelimit: field, 'x-ratelimit-reset': field });
          for (const { remaining } of limits) expect(remaining).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('reads a list of strings as another parser does', () => {
    const values = fc.oneof(
      fc.integer({ min: -100, max: 100 }),
      names,
      fc.boolean(),
      fc.uint8Array({ maxLength: 12 }),
    );
    const members = fc.array(
      fc.tuple(names, fc.dictionary(fc.constantFrom('r', 't', 'pk', 'vendor_x'), values)),
      { minLength: 1, maxLength: 4 },
    );

    fc.assert(
      fc.property(members, (list) => {
        const items: Item[] = list.map(([name, parameters]) => [
          name,
          new Map(
            Object.entries(parameters).map(([key, value]) => [
              key,
              value instanceof Uint8Array ? value.buffer.slice(0) : value,
            ]),
          ),
        ]);

        const { limits } = parseRateLimit({ ratelimit: serializeList(items) });

        const told = list.filter(([, { r }]) => typeof r === 'number' && r >= 0);
        expect(limits.map(({ name, remaining }) => [name, remaining])).toEqual(
          told.map(([name, { r }]) => [name, r]),
        );
        expect(limits.map(({ partitionKey }) => partitionKey ?? null)).toEqual(
          told.map(([, { pk }]) => (pk instanceof Uint8Array ? pk : null)),
        );
      }),
    );
  });
});
