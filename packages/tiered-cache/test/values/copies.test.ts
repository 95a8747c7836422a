import { describe, expect, it } from 'vitest';

import { guardValue } from '../../src/values/copies.ts';
import { portrait } from './model/portrait.ts';

const user = (): { name: string; tags: string[]; address: { city: string } } => ({
  name: 'a',
  tags: ['x'],
  address: { city: 'Graz' },
});

describe('guardValue', () => {
  it('refuses a mode that there is not', () => {
    expect(() => guardValue('copied' as never)).toThrow(
      "copies must be one of 'shared', 'frozen', 'cloned', got 'copied'",
    );
  });
});

describe('shared values', () => {
  const guard = guardValue('shared');

  it('are the object itself, so that everybody sees a change', () => {
    const given = user();
    const kept = guard.keep(given);

    expect(kept).toBe(given);
    expect(guard.give(kept)).toBe(given);
  });
});

describe('frozen values', () => {
  const guard = guardValue('frozen');

  it('are the object itself, in which no change succeeds at any depth', () => {
    const given = { ...user(), users: [user()] };
    const value = guard.give(guard.keep(given)) as typeof given;

    expect(value).toBe(given);
    expect(() => (value.name = 'b')).toThrow(TypeError);
    expect(() => (value.users[0]!.address.city = 'Wien')).toThrow(TypeError);
    expect(() => value.tags.push('y')).toThrow(TypeError);
    expect(value).toEqual({ ...user(), users: [user()] });
  });

  it('refuse changes of a Map or a Set and of what is in them, and can still be read', () => {
    const inner = user();
    const map = guard.keep(
      new Map<string, unknown>([
        ['a', inner],
        ['set', new Set([1])],
      ]),
    ) as Map<string, unknown>;
    const set = map.get('set') as Set<number>;

    for (const change of [
      () => map.set('b', 1),
      () => map.delete('a'),
      () => map.clear(),
      () => set.add(2),
      () => set.delete(1),
      () => set.clear(),
      () => (inner.name = 'b'),
    ])
      expect(change).toThrow(TypeError);
    expect([...map.keys()]).toEqual(['a', 'set']);
    expect(portrait(set)).toContain('Set(1)');
    expect(structuredClone(map)).toEqual(
      new Map<string, unknown>([
        ['a', user()],
        ['set', new Set([1])],
      ]),
    );
  });

  it('can be frozen again, and hold cycles', () => {
    const given: Record<string, unknown> = { map: new Map() };
    given['self'] = given;

    expect(guard.keep(guard.keep(given))).toBe(given);
    expect(Object.isFrozen(given)).toBe(true);
  });

  it('leave alone what cannot be frozen or is no data: bytes, dates, errors, instances, functions', () => {
    class Client {
      connected = true;
    }
    const value = {
      body: Buffer.from('a'),
      at: new Date(1),
      error: new Error('x'),
      client: new Client(),
      run: () => 1,
    };

    guard.keep(value);

    value.body[0] = 98;
    value.at.setTime(2);
    value.client.connected = false;
    expect(value.body.toString()).toBe('b');
    expect(value.at.getTime()).toBe(2);
    expect([value.error, value.client, value.run].some(Object.isFrozen)).toBe(false);
  });

  it.each([1, 'text', null, true, 1n])('may be primitive: %s', (value) => {
    expect(guard.give(guard.keep(value))).toBe(value);
  });
});

describe('cloned values', () => {
  const guard = guardValue('cloned');

  it('are safe from whoever handed them in and from whoever got them', () => {
    const given = user();
    const kept = guard.keep(given);
    given.address.city = 'Wien';
    const first = guard.give(kept) as typeof given;
    first.tags.push('y');
    first.address.city = 'Linz';

    expect(guard.give(kept)).toEqual(user());
  });

  it('keep cycles, and what is reached twice once', () => {
    const given: Record<string, unknown> = { ...user(), error: new Error('x') };
    given['self'] = given;
    given['map'] = new Map([[given, new Set([given])]]);
    (given['error'] as Error).cause = given['error'];
    given['both'] = [given['error'], given['error']];

    const copy = guard.give(guard.keep(given)) as typeof given;

    expect(copy).not.toBe(given);
    expect(copy['self']).toBe(copy);
    const map = copy['map'] as Map<unknown, Set<unknown>>;
    expect([...map.keys()]).toEqual([copy]);
    expect(map.get(copy)?.has(copy)).toBe(true);
    expect((copy['error'] as Error).cause).toBe(copy['error']);
    expect(copy['both']).toEqual([copy['error'], copy['error']]);
  });

  it('keep a field called __proto__ as a field', () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true}}');

    expect(portrait(guard.give(value))).toBe(portrait(value));
  });

  it('leave out what is under a symbol', () => {
    const secret = Symbol('secret');

    expect(Reflect.ownKeys(guard.give({ a: 1, [secret]: user() }) as object)).toEqual(['a']);
  });

  it.each([
    ['a function', { run: () => 1 }, 'value holds a function, which cannot be cloned'],
    ['a function itself', () => 1, 'value holds a function, which cannot be cloned'],
    ['a symbol in a Set', new Set([Symbol('x')]), 'value holds a symbol, which cannot be cloned'],
    ['an instance', [Promise.resolve()], 'value holds an instance of Promise, which cannot be cloned'],
  ])('cannot hold %s', (_what, value, message) => {
    expect(() => guard.keep(value)).toThrow(message);
  });
});
