import { QueueWait } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';

describe('QueueWait', () => {
  it('reads 1 when one in twenty waits for longer than 50 ms', () => {
    const wait = new QueueWait();
    for (let i = 0; i < 94; i += 1) wait.record(1);
    for (let i = 0; i < 6; i += 1) wait.record(50);

    expect(wait).toMatchObject({ name: 'queueWait', kind: 'queueing' });
    expect(wait.read()).toBeGreaterThanOrEqual(1);
  });

  it('does not see one in a hundred', () => {
    const wait = new QueueWait();
    for (let i = 0; i < 99; i += 1) wait.record(0);
    wait.record(5_000);

    expect(wait.read()).toBe(0);
  });

  it('reads each wait once, and 0 when nothing has waited', () => {
    const wait = new QueueWait();
    wait.record(100);
    wait.read();

    expect(wait.read()).toBe(0);
  });

  it.each([5_000, 10_000, 600_000])('reads 1 at a full wait of %i ms, however long that is', (fullMs) => {
    const wait = new QueueWait({ fullMs });
    wait.record(fullMs);
    expect(wait.read()).toBeGreaterThanOrEqual(1);

    wait.record(fullMs / 2);
    expect(wait.read()).toBeLessThan(0.6);
  });

  it('sees a queue that stands still by its oldest', () => {
    const wait = new QueueWait({ fullMs: 40, oldestMs: () => 80 });

    expect(wait.read()).toBe(2);
  });

  it('leaves out what is no number of milliseconds, and takes any that is', () => {
    const wait = new QueueWait({ quantile: 1 });
    for (const strange of [Number.NaN, -1, undefined as unknown as number]) wait.record(strange);
    expect(wait.read()).toBe(0);
    wait.record(Infinity);

    expect(wait.read()).toBeGreaterThan(100);
  });

  it.each<[object, string]>([
    [{ name: '' }, 'name must be'],
    [{ calmMs: -1 }, 'calmMs must be'],
    [{ calmMs: 50 }, 'fullMs must be a finite number of milliseconds of at least 51'],
    [{ quantile: 2 }, 'quantile must be a number from 0 to 1'],
    [{ oldestMs: 1 }, 'oldestMs must be a function'],
  ])('refuses %j', (options, message) => {
    expect(() => new QueueWait(options)).toThrow(message);
  });
});
