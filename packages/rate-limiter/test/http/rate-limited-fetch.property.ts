import { ManualClock, settle } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { rateLimitedFetch, withRateLimit } from '@holdfast/rate-limiter/fetch';
import type { HeaderFormat } from '@holdfast/rate-limiter/http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const formats = fc.constantFrom<HeaderFormat[]>(
  'draft-11',
  'draft-7',
  'draft-6',
  'x-ratelimit-delta',
  'x-ratelimit-epoch',
);
const limits = fc.record({
  limit: fc.integer({ min: 1, max: 50 }),
  windowMs: fc.integer({ min: 1, max: 100_000 }),
  mode: fc.constantFrom<('strict' | 'smooth')[]>('strict', 'smooth'),
});

describe('rateLimitedFetch', () => {
  it('is never refused by a server that tells its limits, if it is the only caller', async () => {
    await fc.assert(
      fc.asyncProperty(
        formats,
        fc.array(limits, { minLength: 1, maxLength: 3 }),
        fc.array(fc.nat(5_000), { minLength: 1, maxLength: 60 }),
        async (format, several, gapsMs) => {
          const clock = new ManualClock();
          const limiter = new RateLimiter({
            limits: Object.fromEntries(several.map((each, index) => [`limit ${index}`, each])),
            clock,
          });
          const handler = withRateLimit(() => new Response(), {
            limiter,
            subjectOf: () => 'alice',
            headers: { format, clock },
          });
          const send = rateLimitedFetch({
            clock,
            maxWaitMs: 1_000_000,
            fetch: (input, init) => handler(new Request(input, init)),
          });
          const statuses: number[] = [];

          for (const gapMs of gapsMs) {
            await clock.advance(gapMs);
            const answer = send('https://service.example/').then(({ status }) => statuses.push(status));
            for (await settle(); clock.pending() > 0; await settle()) await clock.advance(1_000);
            await answer;
          }

          expect(statuses).toEqual(gapsMs.map(() => 200));
        },
      ),
    );
  });
});
