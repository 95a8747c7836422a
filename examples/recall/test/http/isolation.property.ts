import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { aUser } from '../support/fixtures.ts';
import { type Answer, type Ask, aService } from '../support/service.ts';

/** Words that every item has, so that all users ask for the same and every answer could be taken for another's. */
const shared = 'walrus harbour lantern';

type Step =
  | { readonly kind: 'create' | 'rename' | 'delete'; readonly who: number; readonly which: number }
  | { readonly kind: 'search' | 'suggest' | 'predict' | 'open' | 'list' | 'read'; readonly who: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('create' as const, 'rename' as const, 'delete' as const),
    who: fc.nat(1),
    which: fc.nat(3),
  }),
  fc.record({
    kind: fc.constantFrom(
      'search' as const,
      'suggest' as const,
      'predict' as const,
      'open' as const,
      'list' as const,
      'read' as const,
    ),
    who: fc.nat(1),
  }),
);

/** What one user has, as the test knows it: titles by id. */
class Mirror {
  readonly items = new Map<string, { title: string; version: number }>();
  readonly ask: Ask;
  readonly mark: string;
  #made = 0;

  constructor(ask: Ask, mark: string) {
    this.ask = ask;
    this.mark = mark;
  }

  nextTitle(): string {
    return `${this.mark}${(this.#made += 1)} ${shared}`;
  }

  nth(which: number): string | undefined {
    return [...this.items.keys()][which % Math.max(1, this.items.size)];
  }
}

async function write(mirror: Mirror, kind: 'create' | 'rename' | 'delete', which: number): Promise<void> {
  const id = mirror.nth(which);
  if (kind === 'create' || id === undefined) {
    const title = mirror.nextTitle();
    const { body } = await mirror.ask('POST', '/v1/items', { body: { title, source: title } });
    mirror.items.set(body.id, { title, version: 1 });
    return;
  }
  const version = mirror.items.get(id)?.version ?? 0;
  const headers = { 'if-match': `"v${version}"` };
  if (kind === 'rename') {
    const title = mirror.nextTitle();
    await mirror.ask('PATCH', `/v1/items/${id}`, { body: { title }, headers });
    mirror.items.set(id, { title, version: version + 1 });
  } else {
    await mirror.ask('DELETE', `/v1/items/${id}`, { headers });
    mirror.items.delete(id);
  }
}

const reads: Record<
  'search' | 'suggest' | 'predict' | 'open' | 'list' | 'read',
  (mirror: Mirror) => Promise<Answer>
> = {
  search: ({ ask }) => ask('GET', `/v1/search?q=${encodeURIComponent(shared)}&limit=50`),
  suggest: ({ ask }) => ask('POST', '/v1/suggestions', { body: { text: shared, limit: 50 } }),
  predict: ({ ask }) => ask('GET', '/v1/predictions?limit=20'),
  list: ({ ask }) => ask('GET', '/v1/items?limit=100'),
  read: (mirror) => mirror.ask('GET', `/v1/items/${mirror.nth(0) ?? '0190aaaa-0000-7000-8000-000000000000'}`),
  open: (mirror) =>
    mirror.ask('POST', '/v1/events', {
      body: {
        events: [
          {
            eventId: `e${performance.now()}`,
            itemId: mirror.nth(0) ?? '0190aaaa-0000-7000-8000-000000000000',
          },
        ],
      },
    }),
};

/** The titles in an answer, whatever it is an answer to. */
function titlesIn({ body }: Answer): readonly string[] {
  const entries = (body.hits ?? body.items ?? [body]) as readonly {
    title?: string;
    item?: { title: string };
  }[];
  return entries
    .map((entry) => entry.item?.title ?? entry.title ?? '')
    .filter((title) => title.includes(shared));
}

describe('the service', () => {
  it('shows each user what they have at that moment, and nothing of anybody else, through caches and single flight', async () => {
    await using fixture = await aService();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const mirrors = ['Ada', 'Bob'].map((mark) => new Mirror(fixture.as(aUser()), mark));
        for (const each of steps) {
          const mirror = mirrors[each.who] as Mirror;
          if ('which' in each) {
            await write(mirror, each.kind, each.which);
            continue;
          }
          // All at once and twice, so that loads are shared where they may be.
          const answers = await Promise.all(
            [...mirrors, ...mirrors].map(async (one) => ({ one, answer: await reads[each.kind](one) })),
          );
          const all = each.kind === 'search' || each.kind === 'list';
          for (const { one, answer } of answers) {
            const own = [...one.items.values()].map(({ title }) => title);
            const shown = titlesIn(answer);
            expect(own).toEqual(expect.arrayContaining([...shown]));
            expect(shown.length).toBeGreaterThanOrEqual(all ? own.length : 0);
          }
        }
      }),
      { numRuns: 25 },
    );
  });
});
