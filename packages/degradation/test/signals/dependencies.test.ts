import { openCircuits, poolUse } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';

const circuit = (state: string): { statistics(): { state: string } } => ({ statistics: () => ({ state }) });

describe('openCircuits', () => {
  it.each([
    [[], 0],
    [['closed', 'closed'], 0],
    [['closed', 'half-open'], 0],
    [['closed', 'open', 'closed', 'closed'], 0.5],
    [['isolated', 'open', 'closed', 'closed'], 1],
    [['open'], 2],
  ])('reads %j as %f, half of them being the end', (states, expected) => {
    expect(openCircuits(states.map(circuit)).read()).toBe(expected);
  });

  it('reads circuits that come and go', () => {
    const circuits = new Set([circuit('open')]);
    const signal = openCircuits(circuits, { name: 'payments', full: 1 });
    expect(signal).toMatchObject({ name: 'payments', kind: 'capacity' });
    expect(signal.read()).toBe(1);

    circuits.add(circuit('closed'));

    expect(signal.read()).toBe(0.5);
  });

  it('refuses what is no list, and shares that are none', () => {
    expect(() => openCircuits(1 as unknown as [])).toThrow(
      'circuits must be a list of circuit breakers, got 1',
    );
    expect(() => openCircuits([], { full: 0 })).toThrow('full must be a number over 0');
    expect(() => openCircuits([], { name: '' })).toThrow('name must be');
  });
});

describe('poolUse', () => {
  it('reads how full a bulkhead is, with its queue', () => {
    const statistics = { running: 10, queued: 5, limit: 10, queueLimit: 20 };
    const signal = poolUse({ name: 'database', statistics: () => statistics });

    expect(signal).toMatchObject({ name: 'database', kind: 'capacity' });
    expect(signal.read()).toBe(0.5);
  });
});
