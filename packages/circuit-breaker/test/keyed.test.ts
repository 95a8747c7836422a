import { CircuitBreaker, keyed } from '@holdfast/circuit-breaker';
import { describe, expect, it } from 'vitest';

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

  it('forgets the policy unused for longest when there are too many', () => {
    const hosts = breakers(2);
    const [a, b] = [hosts.get('a'), hosts.get('b')];
    hosts.get('a');

    hosts.get('c');

    expect([...hosts.entries()].map(([key]) => key)).toEqual(['a', 'c']);
    expect(hosts.get('a')).toBe(a);
    expect(hosts.get('b')).not.toBe(b);
  });

  it('keeps nothing of a key whose factory throws', () => {
    const hosts = keyed((): CircuitBreaker => {
      throw new Error('no such host');
    });

    expect(() => hosts.get('a')).toThrow('no such host');
    expect(hosts.size).toBe(0);
  });
});
