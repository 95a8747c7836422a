import { memoryLimit } from '@holdfast/degradation';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Bench } from '../support/bench.ts';
import { FakeSystem } from '../support/system.ts';

const version2 = {
  'proc/self/cgroup': '0::/api',
  'sys/fs/cgroup/cgroup.controllers': 'memory',
  'sys/fs/cgroup/api/memory.max': '1000000',
  'sys/fs/cgroup/api/memory.current': '700000',
  'sys/fs/cgroup/api/memory.stat': 'anon 400000\ninactive_file 225000\nactive_file 1',
};

describe('memoryLimit on version 2', () => {
  it('reads what cannot be dropped as a share of the limit; 1 at 95 % of it', () => {
    using system = new FakeSystem(version2);
    const signal = memoryLimit(system);

    expect(signal.name).toBe('memoryLimit');
    expect(signal.read()).toBeCloseTo(0.5);
    system.write('sys/fs/cgroup/api/memory.current', String(950_000 + 225_000));
    expect(signal.read()).toBeCloseTo(1);
  });

  it('reads the group around its own if that is closer to its limit', () => {
    using system = new FakeSystem(version2);
    system.write('sys/fs/cgroup/memory.max', '10000');
    system.write('sys/fs/cgroup/memory.current', '9000');
    system.write('sys/fs/cgroup/memory.stat', 'inactive_file 0');

    expect(memoryLimit({ rootDirectory: system.rootDirectory, full: 1 }).read()).toBe(0.9);
  });
});

describe('memoryLimit on version 1', () => {
  const version1 = {
    'proc/self/cgroup': '4:memory:/docker/c1',
    'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
    'sys/fs/cgroup/memory/memory.usage_in_bytes': '123456',
    'sys/fs/cgroup/memory/memory.stat': 'total_inactive_file 0',
    'sys/fs/cgroup/memory/docker/c1/memory.limit_in_bytes': '2000',
    'sys/fs/cgroup/memory/docker/c1/memory.usage_in_bytes': '1500',
    'sys/fs/cgroup/memory/docker/c1/memory.stat': 'inactive_file 7\ntotal_inactive_file 500',
  };

  it('reads usage without files that can be dropped', () => {
    using system = new FakeSystem(version1);

    expect(memoryLimit({ rootDirectory: system.rootDirectory, full: 1 }).read()).toBe(0.5);
  });

  it('takes what is nearly 2^63 for no limit', () => {
    using system = new FakeSystem({ ...version1, 'proc/self/cgroup': '4:memory:/' });

    expect(() => memoryLimit(system).read()).toThrow('nothing limits the memory');
  });
});

describe('memoryLimit without control groups', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['0', 0],
    ['2^64', 2 ** 64],
    ['nothing', undefined as unknown as number],
  ])('is off, and says so once, where the process is told %s', (_, told) => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(told);
    using system = new FakeSystem();
    const bench = new Bench({ signals: [memoryLimit(system), { name: 'load', read: () => 0.3 }] });
    bench.hold(0, 40);

    expect(bench.told('signal-lost')).toEqual(['memoryLimit lost']);
    expect(bench.degradation.score).toBe(0.3);
  });

  it('reads the resident memory against what the process is told', () => {
    vi.spyOn(process, 'constrainedMemory').mockReturnValue(2 * process.memoryUsage.rss());
    using system = new FakeSystem();

    expect(memoryLimit({ rootDirectory: system.rootDirectory, full: 1 }).read()).toBeCloseTo(0.5, 1);
  });

  it.each<[object, string]>([
    [{ full: 0 }, 'full must be'],
    [{ rootDirectory: '' }, 'rootDirectory must be'],
  ])('refuses %j', (options, message) => {
    expect(() => memoryLimit(options)).toThrow(message);
  });
});
