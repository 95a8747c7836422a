import { dedupedFetch } from '@holdfast/dedupe/fetch';
import { expect, it } from 'vitest';

const url = 'http://example.com/';

it('lets a call without a signal take away that of its request, as the platform does', async () => {
  const caller = new AbortController();
  const answer = Promise.withResolvers<Response>();
  const fetch = dedupedFetch({ fetch: () => answer.promise });
  const coming = fetch(new Request(url, { signal: caller.signal }), { signal: null });

  caller.abort('gone');
  answer.resolve(new Response('page'));

  expect(await (await coming).text()).toBe('page');
});
