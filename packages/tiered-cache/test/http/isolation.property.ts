import { ManualClock } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { cachedHandler, responseCache } from '@holdfast/tiered-cache/http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** What a request shows of who sends it. Names come from few letters, so that parts of keys look like each other. */
interface Caller {
  readonly user: string;
  readonly authorization: boolean;
  readonly cookie: boolean;
}

interface Step {
  readonly caller: Caller;
  readonly path: string;
  readonly language: string;
  readonly pauseMs: number;
  readonly together: boolean;
}

const names = fc.string({ unit: fc.constantFrom('a', '"', ',', ']', '\\', '1'), maxLength: 3 });
const callers: fc.Arbitrary<Caller> = fc.record({
  user: names,
  authorization: fc.boolean(),
  cookie: fc.boolean(),
});
const steps: fc.Arbitrary<Step> = fc.record({
  caller: callers,
  path: fc.constantFrom('/', '/a', '/a?b', '/["'),
  language: fc.constantFrom('de', 'fr', 'de"],["'),
  pauseMs: fc.constantFrom(0, 1, 600, 1_200),
  together: fc.boolean(),
});
const answers = fc.record({
  'cache-control': fc.constantFrom(
    undefined,
    'public, max-age=1',
    'private, max-age=1',
    'no-store',
    'max-age=1',
    's-maxage=1',
    'must-revalidate',
    'max-age=1, stale-while-revalidate=1',
  ),
  vary: fc.constantFrom(undefined, 'accept-language', 'cookie', 'accept-language, authorization', '*'),
  'set-cookie': fc.constantFrom(undefined, undefined, 'a=1'),
  status: fc.constantFrom(200, 200, 200, 404, 500),
});

/** Who a response is for, as the page wrote it into the body. */
interface Written {
  readonly caller: Caller;
  readonly path: string;
  readonly language: string;
  readonly public: boolean;
  readonly varies: boolean;
}

const isKnown = ({ user, authorization }: Caller): boolean => authorization && user !== '';
const hasCredentials = ({ authorization, cookie }: Caller): boolean => authorization || cookie;

function requestOf({ caller, path, language }: Step): Request {
  const headers = new Headers({ 'accept-language': language });
  if (caller.authorization) headers.set('authorization', caller.user);
  if (caller.cookie) headers.set('cookie', `user=${caller.user}`);
  return new Request(`http://localhost${path}`, { headers });
}

describe('users', () => {
  it.each(['with', 'without'])('never get what was made for another one, %s identity', async (identity) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps, { minLength: 2, maxLength: 25 }),
        fc.infiniteStream(answers),
        async (walk, pages) => {
          const clock = new ManualClock();
          const cache = createCache({ namespace: 'site', ttlMs: 1_000, clock });
          const named = (request: Request): string | undefined =>
            request.headers.get('authorization') ?? undefined;
          const responses = responseCache<Request>({
            cache,
            ttlMs: 1_000,
            staleWhileRevalidateMs: 1_000,
            staleIfErrorMs: 1_000,
            identity: identity === 'with' ? named : undefined,
            clock,
          });
          const handler = cachedHandler(responses, async (request) => {
            const page = pages.next().value;
            const { authorization, cookie } = Object.fromEntries(request.headers);
            const written: Written = {
              caller: {
                user: authorization ?? cookie?.slice('user='.length) ?? '',
                authorization: authorization !== undefined,
                cookie: cookie !== undefined,
              },
              path: new URL(request.url).pathname + new URL(request.url).search,
              language: String(request.headers.get('accept-language')),
              public: page['cache-control']?.startsWith('public') === true,
              varies: page.vary?.includes('language') === true,
            };
            const { status, ...headers } = page;
            const said = Object.entries(headers).filter(
              (each): each is [string, string] => each[1] !== undefined,
            );
            return new Response(JSON.stringify(written), { status, headers: said });
          });
          const under: Promise<void>[] = [];

          for (const step of walk) {
            await clock.advance(step.pauseMs);
            const asked = handler(requestOf(step)).then(async (response) =>
              judge(step, (await response.json()) as Written),
            );
            if (step.together) under.push(asked);
            else await asked;
          }
          await Promise.all(under);

          function judge({ caller, path, language }: Step, written: Written): void {
            const known = identity === 'with' && isKnown(caller);
            const shown = hasCredentials(caller) ? caller : { ...caller, user: '' };
            const own = JSON.stringify(written.caller) === JSON.stringify(shown);
            const sameUser = known && isKnown(written.caller) && written.caller.user === caller.user;
            const nobody = !hasCredentials(caller) && !hasCredentials(written.caller);
            const open = written.public && !known && (identity === 'without' || !isKnown(written.caller));
            const samePath =
              new URL(path, 'http://localhost').href === new URL(written.path, 'http://localhost').href;
            const sameLanguage = !written.varies || written.language === language;
            expect({
              caller,
              path,
              language,
              written,
              fits: own || sameUser || nobody || open,
              samePath,
              sameLanguage,
            }).toMatchObject({
              fits: true,
              samePath: true,
              sameLanguage: true,
            });
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
