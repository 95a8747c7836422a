import { ManualClock, settle } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { cachedHandler, responseCache, type ResponseStore } from '@holdfast/tiered-cache/http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const directives = fc.constantFrom(
  undefined,
  'max-age=3',
  'max-age=3, must-revalidate',
  'max-age=3, stale-while-revalidate=1',
  'max-age=3, stale-if-error=1, stale-while-revalidate=0',
  's-maxage=3',
  'no-store',
  'max-age=0',
);
const pages = fc.record({ control: directives, fails: fc.boolean(), throws: fc.boolean() });

/** How long a response may be used at all, and how much of that stale, in milliseconds; written by hand. */
function allowed(control: string | undefined): { readonly freshMs: number; readonly staleMs: number } {
  if (control === 'no-store' || control === 'max-age=0') return { freshMs: 0, staleMs: 0 };
  if (control === undefined) return { freshMs: 2_000, staleMs: 4_000 };
  if (control === 'max-age=3') return { freshMs: 3_000, staleMs: 4_000 };
  if (control === 'max-age=3, stale-while-revalidate=1') return { freshMs: 3_000, staleMs: 4_000 };
  if (control.includes('stale-if-error')) return { freshMs: 3_000, staleMs: 1_000 };
  return { freshMs: 3_000, staleMs: 0 };
}

describe('a response cache', () => {
  it('never gives out a response beyond its times, and never asks a page more than once for a request', async () => {
    const steps = fc.array(fc.tuple(fc.constantFrom(0, 500, 999, 1_000, 2_500, 7_000), pages), {
      minLength: 2,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (walk) => {
        const clock = new ManualClock();
        const cache = createCache({ namespace: 'site', ttlMs: 1_000, clock });
        const responses = responseCache<Request>({
          cache,
          ttlMs: 2_000,
          staleWhileRevalidateMs: 2_000,
          staleIfErrorMs: 4_000,
          clock,
        });
        const made: { readonly at: number; readonly control: string | undefined }[] = [];
        let page = { control: undefined as string | undefined, fails: false, throws: false };
        let runs = 0;
        const handler = cachedHandler(responses, async () => {
          runs += 1;
          if (page.fails && page.throws) throw new Error('down');
          if (page.fails) return new Response('down', { status: 503 });
          made.push({ at: clock.now(), control: page.control });
          const headers: Record<string, string> =
            page.control === undefined ? {} : { 'cache-control': page.control };
          return new Response(String(made.length - 1), { headers });
        });

        for (const [pauseMs, next] of walk) {
          await clock.advance(pauseMs);
          page = next;
          runs = 0;
          const answer = await handler(new Request('http://localhost/')).catch(
            () => new Response(null, { status: 500 }),
          );
          await settle();
          const given = answer.ok
            ? made[Number(await answer.text())]
            : { at: clock.now(), control: undefined };
          const { freshMs, staleMs } = allowed(given?.control);
          const ageMs = clock.now() - Number(given?.at);

          // A run of its own, and one in the background that the cache began.
          expect(runs).toBeLessThanOrEqual(2);
          expect(answer.ok || page.fails).toBe(true);
          expect(ageMs).toBeLessThanOrEqual(freshMs + staleMs);
          expect(Number(answer.headers.get('age') ?? 0)).toBe(Math.floor(ageMs / 1_000));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('answers every request with what the page made, once each, whatever the cache does', async () => {
    const fates = fc.infiniteStream(
      fc.constantFrom('works', 'works', 'rejects', 'throws', 'forgets', 'lies'),
    );
    const questions = fc.array(
      fc.record({ method: fc.constantFrom('GET', 'HEAD', 'POST'), language: fc.constantFrom('de', 'fr') }),
      { minLength: 1, maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(fates, questions, async (fate, walk) => {
        const clock = new ManualClock();
        const real = createCache({ namespace: 'site', ttlMs: 1_000, clock });
        const troubled = <T>(work: () => Promise<T>): Promise<T | undefined> => {
          const { value } = fate.next();
          if (value === 'throws') throw new Error('thrown');
          if (value === 'rejects') return Promise.reject(new Error('rejected'));
          if (value === 'forgets') return Promise.resolve(undefined);
          return value === 'lies' ? work().then(() => ({ format: 'other' }) as T) : work();
        };
        const cache: ResponseStore = {
          get: (key: string, ...rest: readonly unknown[]) =>
            troubled(() => Reflect.apply(real.get.bind(real), undefined, [key, ...rest]) as Promise<unknown>),
          delete: (key) => troubled(() => real.delete(key)),
          deleteTag: (tag) => troubled(() => real.deleteTag(tag)),
        };
        const responses = responseCache<Request>({ cache, ttlMs: 60_000, clock, maxVariants: 2 });
        let runs = 0;
        const handler = cachedHandler(responses, async (request) => {
          runs += 1;
          const language = String(request.headers.get('accept-language'));
          return new Response(language, { headers: { vary: 'accept-language' } });
        });

        for (const { method, language } of walk) {
          runs = 0;
          const init = { method, headers: { 'accept-language': language } };
          const answer = await handler(new Request('http://localhost/', init));

          expect(answer.status).toBe(200);
          expect(['', language]).toContain(await answer.text());
          expect(runs).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('runs a page once for all requests of one kind that come together', async () => {
    const crowd = fc.array(fc.constantFrom('/a', '/b', '/c'), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(crowd, async (paths) => {
        const clock = new ManualClock();
        const responses = responseCache<Request>({
          cache: createCache({ namespace: 'site', ttlMs: 1_000, clock }),
          ttlMs: 60_000,
          clock,
        });
        const runs: string[] = [];
        const handler = cachedHandler(responses, async ({ url }) => {
          runs.push(new URL(url).pathname);
          await settle();
          return new Response(new URL(url).pathname);
        });

        const answers = await Promise.all(
          paths.map((path) => handler(new Request(`http://localhost${path}`))),
        );

        expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(paths);
        expect(new Set(runs).size).toBe(runs.length);
      }),
    );
  });
});
