import { cachedHandler, type ResponseCache } from '@holdfast/tiered-cache/http';
import { describe, expect, it } from 'vitest';

import { adapterContract } from './contract/adapter-contract.ts';
import { fetchSite } from './contract/fetch-site.ts';
import { setUp } from './contract/site.ts';

adapterContract('cachedHandler', fetchSite);

describe('cachedHandler', () => {
  const responses = (): ResponseCache<Request> => setUp().responses;
  const request = (): Request => new Request('http://localhost/a');

  it('gives no type to an answer whose handler gave it none', async () => {
    const caching = responses();
    const handle = cachedHandler(caching, () => new Response(Buffer.from('hello')));

    const answers = [await handle(request()), await handle(request())];

    expect(answers.map(({ headers }) => headers.get('content-type'))).toEqual([null, null]);
    expect(await answers[1]?.text()).toBe('hello');
    expect(caching.statistics()).toMatchObject({ hits: 1 });
  });

  it('gives the handler a copy of the request, with all that the request itself tells', async () => {
    const seen: Request[] = [];
    const handle = cachedHandler(responses(), (copy) => {
      seen.push(copy);
      return new Response('hello');
    });
    const asked = new Request('http://localhost/a?b=1', {
      headers: { accept: 'text/html', 'if-none-match': '"x"' },
    });

    await handle(asked);

    expect(seen[0]).not.toBe(asked);
    expect(seen[0]?.url).toBe('http://localhost/a?b=1');
    expect(Object.fromEntries(seen[0]?.headers ?? [])).toEqual({ accept: 'text/html' });
  });
});
