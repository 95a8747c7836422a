import { ManualClock } from '@holdfast/core/testing';
import { MemoryAnswerStore } from '@holdfast/dedupe/http';
import { describe, expect, it } from 'vitest';

const answer = (bytes: number) => ({ status: 200, headers: [], body: new Uint8Array(bytes) });
const terms = { fingerprint: 'x', lockMs: 50 };

function setUp(options: ConstructorParameters<typeof MemoryAnswerStore>[0] = {}) {
  const clock = new ManualClock();
  const store = new MemoryAnswerStore({ clock, ...options });
  const claim = (key: string) => store.claim({ key, ...terms });
  const keep = (key: string, bytes = 1): void => {
    const claimed = claim(key);
    if (claimed.kind !== 'claimed') throw new Error(`${key} is taken`);
    store.complete({ key, fingerprint: 'x', token: claimed.token, answer: answer(bytes), ttlMs: 100 });
  };
  return { clock, store, claim, keep };
}

describe('MemoryAnswerStore', () => {
  it('replays an answer up to its time, then gives the key away', () => {
    const { clock, claim, keep } = setUp();
    keep('a');

    clock.advanceSync(99);
    expect(claim('a')).toEqual({ kind: 'answered', fingerprint: 'x', answer: answer(1) });
    clock.advanceSync(1);
    expect(claim('a').kind).toBe('claimed');
  });

  it('holds a claim up to its time, then gives the key away', () => {
    const { clock, claim } = setUp();
    claim('a');

    clock.advanceSync(49);
    expect(claim('a')).toEqual({ kind: 'running', fingerprint: 'x' });
    clock.advanceSync(1);
    expect(claim('a').kind).toBe('claimed');
  });

  it('keeps an answer that comes after its claim has run out, if the key is still free', () => {
    const { clock, store, claim } = setUp();
    const claimed = claim('a');
    clock.advanceSync(60);
    claim('b');

    store.complete({
      key: 'a',
      fingerprint: 'x',
      token: Reflect.get(claimed, 'token'),
      answer: answer(1),
      ttlMs: 100,
    });

    expect(claim('a').kind).toBe('answered');
  });

  it('has no room for an answer that comes after its claim has run out, where claims have taken all', () => {
    const { clock, store, claim } = setUp({ maxEntries: 1 });
    const token = String(Reflect.get(claim('late'), 'token'));
    clock.advanceSync(50);
    claim('new');

    store.complete({ key: 'late', fingerprint: 'x', token, answer: answer(1), ttlMs: 100 });

    expect([store.size, store.bytes]).toEqual([1, 0]);
    expect(claim('new').kind).toBe('running');
  });

  it('takes no answer, and no release, from a claim that another one has followed', () => {
    const { clock, store, claim } = setUp();
    const token = String(Reflect.get(claim('a'), 'token'));
    clock.advanceSync(50);
    claim('a');

    store.complete({ key: 'a', fingerprint: 'x', token, answer: answer(1), ttlMs: 100 });
    store.release('a', token);

    expect(claim('a').kind).toBe('running');
  });

  it('drops the oldest answers over its bounds, and never a claim', () => {
    const { store, claim, keep } = setUp({ maxEntries: 3, maxBytes: 10 });
    keep('old', 4);
    keep('young', 6);
    claim('running');

    expect(claim('more').kind).toBe('claimed');
    expect(claim('young').kind).toBe('answered');
    expect([store.size, store.bytes]).toEqual([3, 6]);
    expect(claim('old').kind).toBe('claimed');
    expect(claim('one too many')).toEqual({ kind: 'full' });
    expect([store.size, store.bytes]).toEqual([3, 0]);
  });

  it('drops answers for their bytes, and holds none that is larger than all', () => {
    const { store, claim, keep } = setUp({ maxBytes: 10 });
    keep('a', 6);
    keep('b', 6);
    keep('c', 11);

    expect([claim('b').kind, claim('a').kind]).toEqual(['answered', 'claimed']);
    expect(claim('c')).toEqual({ kind: 'answered', fingerprint: 'x', answer: undefined });
    expect(store.bytes).toBe(6);
  });

  it('holds an answer that fills it', () => {
    const { claim, keep } = setUp({ maxBytes: 10 });
    keep('a', 10);

    expect(claim('a')).toMatchObject({ answer: answer(10) });
  });

  it('counts the bytes of headers', () => {
    const { store, claim } = setUp();
    const token = String(Reflect.get(claim('a'), 'token'));
    const kept = { status: 200, headers: [['x-a', 'bc'] as const], body: new Uint8Array(1) };

    store.complete({ key: 'a', fingerprint: 'x', token, answer: kept, ttlMs: 1 });

    expect(store.bytes).toBe(6);
  });

  it('forgets what is over when it is used', () => {
    const { clock, store, claim, keep } = setUp();
    keep('a');
    keep('b');
    claim('c');
    clock.advanceSync(100);

    claim('d');

    expect([store.size, store.bytes]).toEqual([1, 0]);
  });

  it.each([
    [{ maxEntries: 0 }, 'maxEntries must be a whole number of at least 1, got 0'],
    [{ maxBytes: 0.5 }, 'maxBytes must be a whole number of at least 1, got 0.5'],
    [{ clock: {} as ManualClock }, 'clock must be an object with now(), epoch(), schedule(), got an object'],
  ])('refuses %o', (options, message) => {
    expect(() => new MemoryAnswerStore(options)).toThrow(message);
  });
});
