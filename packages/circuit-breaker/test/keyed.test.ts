import { CircuitBreaker, keyed } from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it, vi } from 'vitest';

const breakers = (maxKeys?: number) => keyed((name) => new CircuitBreaker({ name }), { maxKeys });

describe('keyed', () => {
  it('makes one policy per key, at its first use', () => {
    const hosts = breakers();

    expect(hosts.get('a')).toBe(hosts.get('a'));
    expect(hosts.get('b')).not.toBe(hosts.get('a'));
    expect(hosts.get('b').name).toBe('b');
    expect(hosts.size).toBe(2);
  });

  it('runs a call under the policy of its key', async () => {
    const hosts = breakers();
    hosts.get('a').isolate();

    await expect(hosts.execute(() => 1, { key: 'a' })).rejects.toMatchObject({ policy: 'a' });
    expect(await hosts.execute(({ attempt }) => attempt, { key: 'b' })).toBe(0);
  });

  it('refuses a call without a key', async () => {
    await expect(breakers().execute(() => 1)).rejects.toThrow(
      'key must be a string that is not empty, got undefined',
    );
  });

  it('refuses a key that is no key', () => {
    expect(() => breakers().get('')).toThrow("key must be a string that is not empty, got ''");
  });

  it('lists each key once, also while its policy is used', () => {
    const hosts = breakers();
    hosts.get('a');
    hosts.get('b');

    const listed: string[] = [];
    for (const [key] of hosts.entries()) {
      listed.push(key);
      if (listed.length > 2) break;
      hosts.get(key);
    }

    expect(listed).toEqual(['a', 'b']);
  });

  it('forgets the policy unused for longest when there are too many', () => {
    const hosts = breakers(2);
    const [a, b] = [hosts.get('a'), hosts.get('b')];
    hosts.get('a');

    hosts.get('c');

    expect([...hosts.entries()].map(([key]) => key)).toEqual(['a', 'c']);
    expect(hosts.get('a')).toBe(a);
    expect(hosts.get('b')).not.toBe(b);
  });

  it('forgets policies that were idle for too long, when any key is asked for, and no others', () => {
    const clock = new ManualClock();
    const hosts = keyed((name) => new CircuitBreaker({ name }), { maxIdleMs: 100, clock });
    const [a, b] = [hosts.get('a'), hosts.get('b')];
    clock.advanceSync(60);
    hosts.get('a');

    clock.advanceSync(99);
    expect(hosts.get('a')).toBe(a);
    expect([...hosts.entries()].map(([key]) => key)).toEqual(['a']);
    expect(hosts.get('b')).not.toBe(b);

    clock.advanceSync(100);
    expect(hosts.get('a')).not.toBe(a);
    expect(hosts.size).toBe(1);
    expect(clock.pending()).toBe(0);
  });

  it('looks at no clock unless there is a longest idle time', () => {
    const clock = new ManualClock();
    const now = vi.spyOn(clock, 'now');
    const hosts = keyed((name) => new CircuitBreaker({ name }), { clock });

    hosts.get('a');

    expect(now).not.toHaveBeenCalled();
  });

  it.each([
    [{ maxKeys: 0 }, 'maxKeys must be a whole number of at least 1, got 0'],
    [{ maxIdleMs: 0 }, 'maxIdleMs must be'],
    [{ maxIdleMs: NaN }, 'maxIdleMs must be'],
  ])('refuses %o', (options, message) => {
    expect(() => keyed(() => new CircuitBreaker(), options)).toThrow(message);
  });

  it('keeps nothing of a key whose factory throws', () => {
    const hosts = keyed((): CircuitBreaker => {
      throw new Error('no such host');
    });

    expect(() => hosts.get('a')).toThrow('no such host');
    expect(hosts.size).toBe(0);
  });
});
