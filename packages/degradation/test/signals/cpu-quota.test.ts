import { ManualClock } from '@holdfast/core/testing';
import { cpuQuota, type Signal } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { Bench } from '../support/bench.ts';
import { FakeSystem } from '../support/system.ts';

const clock = new ManualClock();
const over = (signal: Signal, ms: number): number => {
  clock.advanceSync(ms);
  return signal.read();
};

describe('cpuQuota on version 2', () => {
  const group = 'sys/fs/cgroup/pod/api';
  const stat = (usedMs: number, throttledMs: number): string =>
    `usage_usec ${usedMs * 1e3}\nuser_usec 7\nnr_throttled 3\nthrottled_usec ${throttledMs * 1e3}`;
  const files = {
    'proc/self/cgroup': '0::/pod/api',
    'sys/fs/cgroup/cgroup.controllers': 'cpu io memory',
    'sys/fs/cgroup/cpu.stat': stat(9e6, 0),
    'sys/fs/cgroup/pod/cpu.max': 'max 100000',
    'sys/fs/cgroup/pod/cpu.stat': stat(5_000, 0),
    [`${group}/cpu.max`]: '50000 100000',
    [`${group}/cpu.stat`]: stat(1_000, 0),
  };

  it('reads 1 when the quota is used up: 125 ms in 250 ms of half a CPU', () => {
    using system = new FakeSystem(files);
    const signal = cpuQuota({ rootDirectory: system.rootDirectory, clock });
    expect(signal).toMatchObject({ name: 'cpuQuota', kind: 'utilization' });
    expect(over(signal, 250)).toBe(0);

    system.write(`${group}/cpu.stat`, stat(1_125, 0));
    expect(over(signal, 250)).toBe(1);
    system.write(`${group}/cpu.stat`, stat(1_150, 0));
    expect(over(signal, 250)).toBeCloseTo(0.2);
  });

  it('counts what the group was kept from using', () => {
    using system = new FakeSystem(files);
    const signal = cpuQuota({ rootDirectory: system.rootDirectory, clock, full: 0.5 });
    over(signal, 250);
    system.write(`${group}/cpu.stat`, stat(1_050, 50));

    expect(over(signal, 250)).toBeCloseTo(1.6);
  });

  it('reads the group around its own if that is closer to its quota', () => {
    using system = new FakeSystem(files);
    system.write('sys/fs/cgroup/pod/cpu.max', '100000 100000');
    const signal = cpuQuota({ rootDirectory: system.rootDirectory, clock });
    over(signal, 250);
    system.write('sys/fs/cgroup/pod/cpu.stat', stat(5_200, 0));

    expect(over(signal, 250)).toBe(0.8);
  });

  it('follows a quota that changes', () => {
    using system = new FakeSystem(files);
    const signal = cpuQuota({ rootDirectory: system.rootDirectory, clock });
    over(signal, 250);
    system.write(`${group}/cpu.max`, '200000 100000');
    system.write(`${group}/cpu.stat`, stat(1_125, 0));

    expect(over(signal, 250)).toBe(0.25);
  });

  it('takes the group at the top for its own in a container that is told its path on the host', () => {
    using system = new FakeSystem({
      ...files,
      'proc/self/cgroup': '0::/kubepods/burstable/pod7/c1',
      'sys/fs/cgroup/cpu.max': '100000 100000',
    });
    const signal = cpuQuota({ rootDirectory: system.rootDirectory, clock });
    over(signal, 250);
    system.write('sys/fs/cgroup/cpu.stat', stat(9e6 + 125, 0));

    expect(over(signal, 250)).toBe(0.5);
  });
});

describe('cpuQuota on version 1', () => {
  const files = {
    'proc/self/cgroup': '9:name=systemd:/a\n4:cpu,cpuacct:/docker/c1\n3:memory:/docker/c1',
    'sys/fs/cgroup/cpu/docker/c1/cpu.cfs_quota_us': '20000',
    'sys/fs/cgroup/cpu/docker/c1/cpu.cfs_period_us': '100000',
    'sys/fs/cgroup/cpu/docker/c1/cpu.stat': 'nr_periods 1\nnr_throttled 0\nthrottled_time 0',
    'sys/fs/cgroup/cpuacct/docker/c1/cpuacct.usage': '1000000000',
  };
  const usage = 'sys/fs/cgroup/cpuacct/docker/c1/cpuacct.usage';

  it('reads usage and throttling in nanoseconds against quota and period', () => {
    using system = new FakeSystem(files);
    const signal = cpuQuota({ rootDirectory: system.rootDirectory, clock });
    over(signal, 250);
    system.write(usage, String(1e9 + 25e6));
    expect(over(signal, 250)).toBe(0.5);

    system.write('sys/fs/cgroup/cpu/docker/c1/cpu.stat', 'throttled_time 50000000');
    expect(over(signal, 250)).toBe(1);
  });

  it('finds controllers that are mounted together', () => {
    using system = new FakeSystem({
      'proc/self/cgroup': '4:cpu,cpuacct:/',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '100000',
      'sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000',
      'sys/fs/cgroup/cpu,cpuacct/cpu.stat': 'throttled_time 0',
      'sys/fs/cgroup/cpu,cpuacct/cpuacct.usage': '0',
    });
    const signal = cpuQuota({ rootDirectory: system.rootDirectory, clock });
    over(signal, 250);
    system.write('sys/fs/cgroup/cpu,cpuacct/cpuacct.usage', String(100e6));

    expect(over(signal, 250)).toBeCloseTo(0.4);
  });

  it('is off with a quota of -1', () => {
    using system = new FakeSystem({ ...files, 'sys/fs/cgroup/cpu/docker/c1/cpu.cfs_quota_us': '-1' });

    expect(() => cpuQuota({ rootDirectory: system.rootDirectory, clock }).read()).toThrow('has a CPU quota');
  });
});

describe('cpuQuota where there is none', () => {
  it.each<[string, Record<string, string>]>([
    ['no files at all', {}],
    ['no controllers', { 'proc/self/cgroup': '0::/' }],
    [
      'a group without a quota',
      {
        'proc/self/cgroup': '0::/',
        'sys/fs/cgroup/cgroup.controllers': 'cpu',
        'sys/fs/cgroup/cpu.max': 'max 100000',
        'sys/fs/cgroup/cpu.stat': 'usage_usec 1',
      },
    ],
    [
      'a hybrid without the controller',
      {
        'proc/self/cgroup': '3:cpu:/\n0::/',
        'sys/fs/cgroup/unified/cgroup.controllers': 'cpu',
      },
    ],
  ])('is off, and says so once: %s', (_, files) => {
    using system = new FakeSystem(files);
    const bench = new Bench({ signals: [cpuQuota(system), { name: 'load', read: () => 0.3 }] });
    bench.hold(0, 40);

    expect(bench.told('signal-lost')).toEqual(['cpuQuota lost']);
    expect(bench.events[0]).toMatchObject({
      error: { message: 'no control group of this process has a CPU quota' },
    });
    expect(bench.degradation.score).toBe(0.3);
  });

  it('is lost and not zero when the files go away', () => {
    using system = new FakeSystem({
      'proc/self/cgroup': '0::/',
      'sys/fs/cgroup/cgroup.controllers': 'cpu',
      'sys/fs/cgroup/cpu.max': '100000 100000',
      'sys/fs/cgroup/cpu.stat': 'usage_usec 1',
    });
    const signal = cpuQuota({ rootDirectory: system.rootDirectory, clock });
    system.remove('sys/fs');

    expect(() => signal.read()).toThrow('ENOENT');
  });

  it.each<[object, string]>([
    [{ full: 0 }, 'full must be'],
    [{ rootDirectory: '' }, 'rootDirectory must be'],
    [{ clock: {} }, 'clock must be'],
  ])('refuses %j', (options, message) => {
    expect(() => cpuQuota(options)).toThrow(message);
  });
});
