import { ManualClock } from '@holdfast/core/testing';
import { type Answer, MemoryAnswerStore } from '@holdfast/dedupe/http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Record {
  readonly fingerprint: string;
  readonly token: string;
  readonly until: number;
  readonly answer: Answer | undefined | 'none yet';
}

const lockMs = 50;
const ttlMs = 100;
const answerOf = (bytes: number): Answer => ({ status: 200, headers: [], body: new Uint8Array(bytes) });

type Step =
  | { readonly do: 'claim'; readonly key: string; readonly fingerprint: string }
  | { readonly do: 'release'; readonly key: string }
  | { readonly do: 'complete'; readonly key: string; readonly bytes: number | undefined }
  | { readonly do: 'advance'; readonly ms: number };

const key = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('claim' as const), key, fingerprint: fc.constantFrom('x', 'y') }),
  fc.record({ do: fc.constant('release' as const), key }),
  fc.record({ do: fc.constant('complete' as const), key, bytes: fc.constantFrom(undefined, 0, 3, 6, 11) }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(0, 1, 49, 50, 51, 99, 100) }),
);

describe('MemoryAnswerStore', () => {
  it('gives a key to one claim at a time, and each answer to its own request, as long as it is held', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const clock = new ManualClock();
        const store = new MemoryAnswerStore({ maxEntries: 3, maxBytes: 10, clock });
        const known = new Map<string, Record>();
        const mine = new Map<string, Pick<Record, 'token' | 'fingerprint'>>();

        const claim = (at: string, fingerprint: string): void => {
          const held = heldAt(at);
          const claimed = store.claim({ key: at, fingerprint, lockMs });
          // An answer may go before its time, to make room; a claim may not.
          const expected = {
            claimed: held?.answer !== 'none yet',
            running: held?.answer === 'none yet' && held.fingerprint === Reflect.get(claimed, 'fingerprint'),
            answered: held !== undefined && Reflect.get(claimed, 'answer') === held.answer,
            full: store.size === 3,
          };
          expect([claimed.kind, expected[claimed.kind]]).toEqual([claimed.kind, true]);
          if (claimed.kind !== 'claimed') return;
          const record = { fingerprint, token: claimed.token, until: clock.now() + lockMs };
          known.set(at, { ...record, answer: 'none yet' });
          mine.set(at, record);
        };
        const complete = (at: string, bytes: number | undefined): void => {
          const claimed = mine.get(at);
          if (claimed === undefined) return;
          const { token, fingerprint } = claimed;
          const answer = bytes === undefined ? undefined : answerOf(bytes);
          store.complete({ key: at, token, fingerprint, answer, ttlMs });
          const kept = (bytes ?? 0) > 10 ? undefined : answer;
          known.set(at, { token, fingerprint, until: clock.now() + ttlMs, answer: kept });
        };
        const release = (at: string): void => {
          store.release(at, mine.get(at)?.token ?? 'never given');
          if (known.get(at)?.answer === 'none yet') known.delete(at);
        };
        const heldAt = (at: string): Record | undefined => {
          const record = known.get(at);
          return record !== undefined && record.until > clock.now() ? record : undefined;
        };

        for (const each of steps) {
          if (each.do === 'advance') clock.advanceSync(each.ms);
          else if (each.do === 'claim') claim(each.key, each.fingerprint);
          else if (each.do === 'release') release(each.key);
          else complete(each.key, each.bytes);
          expect(store.size).toBeLessThanOrEqual(3);
          expect(store.bytes).toBeLessThanOrEqual(10);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
