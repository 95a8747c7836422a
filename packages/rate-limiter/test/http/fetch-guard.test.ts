import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { decisionOn, rateLimitGuard, withRateLimit } from '@holdfast/rate-limiter/fetch';
import { describe, expect, it } from 'vitest';

const limiterOf = (limit: number): RateLimiter =>
  new RateLimiter({ limits: { user: { limit, windowMs: 60_000 } }, clock: new ManualClock() });
const subjectOf = ({ headers }: Request): string => headers.get('x-user') ?? 'stranger';
const request = (user = 'alice'): Request =>
  new Request('https://service.example/', { headers: { 'x-user': user } });
const remaining = async (limiter: RateLimiter): Promise<number | undefined> =>
  (await limiter.check('alice', { cost: 0 })).limits['user']?.remaining;

describe('rateLimitGuard', () => {
  it('gives nothing for a request that may pass, and a response for one that may not', async () => {
    const guard = rateLimitGuard({ limiter: limiterOf(1), subjectOf });

    const [passed, refused, other] = [
      await guard(request()),
      await guard(request()),
      await guard(request('bob')),
    ];

    expect([passed, other]).toEqual([undefined, undefined]);
    expect(refused?.status).toBe(429);
    expect(Object.fromEntries(refused?.headers ?? [])).toMatchObject({
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ratelimit: '"user";r=0;t=60',
    });
    expect(await refused?.json()).toMatchObject({ status: 429, 'violated-policies': ['user'] });
  });

  it('16.1 same request twice: charges a request once, and refuses one that it refused again', async () => {
    const limiter = limiterOf(1);
    const guard = rateLimitGuard({ limiter, subjectOf });
    const [first, second] = [request(), request()];

    const answers = [await guard(first), await guard(first), await guard(second), await guard(second)];

    expect(answers.map((answer) => answer?.status)).toEqual([undefined, undefined, 429, 429]);
  });

  it('rejects with the error of a callback', async () => {
    const guard = rateLimitGuard({
      limiter: limiterOf(1),
      subjectOf: () => Promise.reject(new Error('no session')),
    });

    await expect(guard(request())).rejects.toThrow('no session');
  });
});

describe('withRateLimit', () => {
  it('adds the fields to the response of the handler', async () => {
    const handler = withRateLimit(() => new Response('hello'), { limiter: limiterOf(4), subjectOf });

    const response = await handler(request());

    expect(await response.text()).toBe('hello');
    expect(response.headers.get('ratelimit')).toBe('"user";r=3;t=45');
  });

  it.each([
    ['a redirect', () => Response.redirect('https://service.example/new', 303), 303],
    ['a 304', () => new Response(null, { status: 304 }), 304],
    ['a response of fetch', () => fetch('data:text/plain,hello'), 200],
  ])('adds them to %s', async (_, answer, status) => {
    const handler = withRateLimit(answer, { limiter: limiterOf(4), subjectOf });

    const response = await handler(request());

    expect([response.status, response.headers.get('ratelimit')]).toEqual([status, '"user";r=3;t=45']);
  });

  it('does not run the handler for a refused request', async () => {
    let calls = 0;
    const handler = withRateLimit(
      () => {
        calls += 1;
        return new Response('hello');
      },
      { limiter: limiterOf(1), subjectOf },
    );

    await handler(request());
    const refused = await handler(request());

    expect([calls, refused.status]).toEqual([1, 429]);
  });

  it('passes on what the platform tells besides the request', async () => {
    const handler = withRateLimit(
      (_request: Request, { address }: { address: string }) => new Response(address),
      { limiter: limiterOf(1), subjectOf: (_request, { address }) => address },
    );

    const first = await handler(request(), { address: '1.2.3.4' });
    const [again, other] = [
      await handler(request(), { address: '1.2.3.4' }),
      await handler(request(), { address: '5.6.7.8' }),
    ];

    expect([await first.text(), again.status, other.status]).toEqual(['1.2.3.4', 429, 200]);
  });

  it('gives back what a response cost that does not count, and what a failed handler cost', async () => {
    const limiter = limiterOf(10);
    const countWhen = (status: number): boolean => status < 500;
    const busy = withRateLimit(() => new Response('', { status: 503 }), { limiter, subjectOf, countWhen });
    const broken = withRateLimit(() => Promise.reject(new Error('broken')), {
      limiter,
      subjectOf,
      countWhen,
    });
    const good = withRateLimit(() => new Response('hello'), { limiter, subjectOf, countWhen });

    await busy(request());
    await expect(broken(request())).rejects.toThrow('broken');
    await good(request());

    expect(await remaining(limiter)).toBe(9);
  });

  it('lets a handler settle what the request turned out to cost', async () => {
    const limiter = limiterOf(10);
    const handler = withRateLimit(
      async (handled) => {
        await decisionOn(handled, limiter)?.settle(7);
        return new Response('hello');
      },
      { limiter, subjectOf },
    );

    await handler(request());

    expect(await remaining(limiter)).toBe(3);
  });

  it('adds the fields to a response that somebody else makes of a refusal', async () => {
    const handler = withRateLimit(() => new Response('hello'), {
      limiter: limiterOf(0),
      subjectOf,
      refuse: ({ decision }) => new Response(decision.violated.join(), { status: 420 }),
    });

    const refused = await handler(request());

    expect([refused.status, await refused.text()]).toEqual([420, 'user']);
    expect(refused.headers.get('ratelimit')).toBe('"user";r=0');
  });

  it('refuses a handler that is none', () => {
    expect(() => withRateLimit({} as () => Response, { limiter: limiterOf(1), subjectOf })).toThrow(
      'handler must be a function, got an object',
    );
  });
});
