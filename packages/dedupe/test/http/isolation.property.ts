import { settle } from '@holdfast/core/testing';
import { type Incoming, RequestDedupe, type Turn } from '@holdfast/dedupe/http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Asked {
  readonly user: string;
  readonly method: string;
  readonly target: string;
  readonly key: string | undefined;
  readonly body: string;
}

const awkward = fc.constantFrom('a', 'b', 'ab', 'a:b', 's1:a', '', '1');
const asked: fc.Arbitrary<Asked> = fc.record({
  user: awkward,
  method: fc.constantFrom('GET', 'POST'),
  target: awkward,
  key: fc.option(fc.constantFrom('k', 'ka', 'k:a'), { nil: undefined }),
  body: awkward,
});

const incomingOf = (request: Asked): Incoming<Asked> => ({
  request,
  method: request.method,
  host: 'example.com',
  target: request.target,
  header: (name) => (name === 'idempotency-key' ? request.key : undefined),
  hasBody: request.body !== '',
  body: request.body,
  signal: new AbortController().signal,
});

const textOf = (turn: Turn): string => {
  if (turn.kind !== 'answer') return turn.kind;
  const { status, body } = turn.answer;
  return status === 200 ? Buffer.from(body).toString() : String(status);
};

/** What may become of a request, `mine` being the answer made for one like it. */
function allowed({ method, key }: Asked, mine: string): readonly string[] {
  if (method === 'GET') return ['run', mine];
  return key === undefined ? ['pass'] : ['run', mine, '409', '422'];
}

describe('RequestDedupe', () => {
  it('gives nobody what was made for another user, path or body, and runs no key twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { maxLength: 20 }), fc.scheduler(), async (requests, scheduler) => {
        const dedupe = new RequestDedupe<Asked>({
          identity: ({ user }) => user,
          idempotency: { concurrent: 'join' },
        });
        const executed: string[] = [];

        const visit = async (request: Asked): Promise<void> => {
          const turn = await dedupe.begin(incomingOf(request));
          const mine = JSON.stringify([request.user, request.method, request.target, request.body]);
          expect(allowed(request, mine)).toContain(textOf(turn));
          if (turn.kind !== 'run') return;
          if (request.method === 'POST') executed.push(JSON.stringify([request.user, request.key]));
          await scheduler.schedule(Promise.resolve());
          await turn.settle({ status: 200, headers: [], body: Buffer.from(mine) });
        };
        const visits = requests.map((request) =>
          scheduler.schedule(Promise.resolve()).then(() => visit(request)),
        );
        while (scheduler.count() > 0) {
          await scheduler.waitOne();
          await settle();
        }
        await Promise.all(visits);

        expect(new Set(executed).size).toBe(executed.length);
        expect(dedupe.statistics().inFlight).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
