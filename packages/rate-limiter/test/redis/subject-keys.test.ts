import { describe, expect, it } from 'vitest';
import { KnownSubject } from '../../src/redis/known-subject.ts';
import { SubjectKeys } from '../../src/redis/subject-keys.ts';
import { ruleOf } from './support/rules.ts';

describe('SubjectKeys', () => {
  it('gives a subject one key, of bounded length, with all that tells it apart in the hash tag', () => {
    const keys = new SubjectKeys('prefix', 'api', 'user');
    const subjects = ['alice', 'bob', 'x'.repeat(512), '{a}:*\r\n\0', '', 'a\ud800', 'a\ud801'];
    const made = subjects.map((subject) => keys.of(subject).key);

    for (const key of made) expect(key).toMatch(/^prefix:\{api:user:[\w-]{22}\}$/);
    expect(new Set(made).size).toBe(subjects.length);
    expect(keys.of('alice').key).toBe(made[0]);
  });

  it('tells limiters apart whose name is that of another with a part of its scope', () => {
    const named: readonly (readonly [limiter: string, scope: string])[] = [
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['a', 'b%3Ac'],
    ];
    const made = named.map(([limiter, scope]) => new SubjectKeys('prefix', limiter, scope).of('alice').key);

    expect(new Set(made).size).toBe(named.length);
  });

  it('16.4 local maps: remembers a bounded number of subjects', () => {
    const keys = new SubjectKeys('prefix', 'api', 'user');
    const first = keys.of('first');
    expect(keys.find('first')).toBe(first);

    for (let i = 0; i < 10_000; i += 1) keys.of(`subject ${i}`);

    expect(keys.find('first')).toBeUndefined();
    expect(keys.of('first').key).toBe(first.key);
  });
});

describe('KnownSubject', () => {
  const [own, other] = [ruleOf({ limit: 10 }), ruleOf({ name: 'other', limit: 20, index: 1 })];
  const group = { scope: 'user', rules: [own, other] };

  it('tells how limits stood, for as long as that counts', () => {
    const subject = new KnownSubject('key');
    subject.heard(group, [9, 9, 9, 9, 0, 3, 0, 500, 0, 7, 0, 900], 4, 100);

    expect(subject.standing(own, 200)).toEqual({ remaining: 3, emptyMs: 400 });
    expect(subject.standing(other, 200)).toEqual({ remaining: 7, emptyMs: 800 });
    expect(subject.standing(own, 600)).toEqual({ remaining: 10, emptyMs: 0 });
  });

  it('takes a limit that it never heard of for full, and all of them once it has forgotten', () => {
    const subject = new KnownSubject('key');
    expect(subject.standing(own, 0)).toEqual({ remaining: 10, emptyMs: 0 });
    subject.heard({ scope: 'user', rules: [own] }, [0, 3, 0, 500], 0, 0);
    expect(subject.standing(other, 0)).toEqual({ remaining: 20, emptyMs: 0 });

    subject.forget();

    expect(subject.standing(own, 0)).toEqual({ remaining: 10, emptyMs: 0 });
  });
});
