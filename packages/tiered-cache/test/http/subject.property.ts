import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Incoming } from '../../src/http/incoming.ts';
import type { ResolvedResponseOptions } from '../../src/http/options.ts';
import { subjectOf, urlTag } from '../../src/http/subject.ts';

interface Asked {
  readonly origin: string;
  readonly target: string;
  readonly user: string | undefined;
  readonly language: string | undefined;
  readonly encoding: string | undefined;
  readonly name: string;
}

/** Few letters, among them those that keys are made of, so that different requests look like each other. */
const texts = fc.string({
  unit: fc.constantFrom('a', '"', ',', ']', '[', '\\', '\ud800', '\udc00', 'u'),
  maxLength: 4,
});
const parameters = fc.array(fc.constantFrom('a=1', 'a=2', 'b', 'b=', 'a', '', 'ab=1', 'A=1'), {
  maxLength: 4,
});
const requests: fc.Arbitrary<Asked> = fc.record({
  origin: fc.constantFrom('http://a', 'https://a', 'http://A', 'http://a:8080'),
  target: fc
    .tuple(fc.constantFrom('/', '/a', '/a/', '/["'), fc.constantFrom('', '?'), parameters)
    .map(([path, mark, list]) => path + (mark === '' ? '' : mark + list.join('&'))),
  user: fc.option(texts, { nil: undefined }),
  language: fc.option(texts, { nil: undefined }),
  encoding: fc.option(fc.constantFrom('gzip', 'gzip, br', 'br,gzip', 'BR , GZIP', 'br;q=1', ''), {
    nil: undefined,
  }),
  name: fc.constantFrom('http', 'other'),
});

function subject(asked: Asked): { readonly key: string; readonly tag: string; readonly shared: boolean } {
  const headers: Record<string, string | undefined> = {
    'accept-language': asked.language,
    'accept-encoding': asked.encoding,
  };
  const incoming = {
    request: asked,
    method: 'GET',
    origin: asked.origin,
    target: asked.target,
    header: (field: string) => headers[field],
  } as unknown as Incoming<Asked>;
  const options = {
    name: asked.name,
    vary: ['accept-encoding', 'accept-language'],
    credentialHeaders: [],
    identity: ({ user }: Asked) => user,
  } as unknown as ResolvedResponseOptions<Asked>;
  return { ...subjectOf(incoming, options), tag: urlTag(incoming, asked.name) };
}

/** What requests have to agree in, written by hand. */
function sameResource(one: Asked, other: Asked): boolean {
  const [a, b] = [one, other].map(({ origin, target }) => {
    const [path, query = ''] = target.split('?');
    const list = query.split('&').filter((parameter) => parameter !== '');
    const names = [...new Set(list.map((parameter) => String(parameter.split('=')[0])))];
    const named = names.map((name) => [name, list.filter((each) => each.split('=')[0] === name)]);
    return { origin: origin.toLowerCase(), path, named: new Map(named as [string, string[]][]) };
  });
  return a !== undefined && b !== undefined && equal(a, b);
}

function equal(
  one: { named: Map<string, string[]>; origin: string; path: string | undefined },
  other: typeof one,
): boolean {
  if (one.origin !== other.origin || one.path !== other.path || one.named.size !== other.named.size)
    return false;
  return [...one.named].every(
    ([name, list]) => JSON.stringify(other.named.get(name)) === JSON.stringify(list),
  );
}

function sameCodings(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const [a, b] = [one, other].map(
    (each) =>
      new Set(
        each
          .toLowerCase()
          .split(',')
          .map((coding) => coding.trim())
          .filter((coding) => coding !== ''),
      ),
  );
  return a?.size === b?.size && [...(a ?? [])].every((coding) => b?.has(coding) === true);
}

describe('the key of a response', () => {
  it('is the same exactly for requests that agree in all that counts', () => {
    const pairs = fc.oneof(
      fc.tuple(requests, requests),
      fc
        .tuple(requests, requests)
        .chain(([one, other]) =>
          fc
            .subarray(Object.keys(one) as (keyof Asked)[])
            .map((same): [Asked, Asked] => [
              one,
              { ...other, ...Object.fromEntries(same.map((field) => [field, one[field]])) },
            ]),
        ),
    );
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const [a, b] = [subject(one), subject(other)];
        const sameUrl = one.name === other.name && sameResource(one, other);
        const sameUser = (one.user ?? '') === (other.user ?? '');
        const sameHeaders = one.language === other.language && sameCodings(one.encoding, other.encoding);

        expect(a.tag === b.tag).toBe(sameUrl);
        expect(a.key === b.key).toBe(sameUrl && sameUser && sameHeaders);
        expect(a.shared).toBe((one.user ?? '') === '');
      }),
      { numRuns: 3_000 },
    );
  });
});
