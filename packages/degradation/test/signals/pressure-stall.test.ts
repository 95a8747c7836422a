import { ManualClock } from '@holdfast/core/testing';
import { pressureStall } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { FakeSystem } from '../support/system.ts';

const pressure = (totalMs: number): string =>
  `some avg10=99.00 avg60=0.00 avg300=0.00 total=${totalMs * 1e3}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7`;

describe('pressureStall', () => {
  it('reads the share of the time since the last sample in which a thread waited', () => {
    using system = new FakeSystem({
      'proc/self/cgroup': '0::/api',
      'sys/fs/cgroup/cgroup.controllers': 'cpu',
      'sys/fs/cgroup/api/cpu.pressure': pressure(1_000),
    });
    const clock = new ManualClock();
    const signal = pressureStall({ rootDirectory: system.rootDirectory, clock });
    expect(signal).toMatchObject({ name: 'cpuPressure', kind: 'queueing' });
    expect(signal.read()).toBe(0);

    clock.advanceSync(250);
    system.write('sys/fs/cgroup/api/cpu.pressure', pressure(1_050));

    // A fifth of the time, where half of it counts as 1.
    expect(signal.read()).toBeCloseTo(0.4);
    clock.advanceSync(250);
    expect(signal.read()).toBe(0);
  });

  it('is off on version 1, without files, and without the one of the resource', () => {
    using none = new FakeSystem();
    using first = new FakeSystem({
      'proc/self/cgroup': '3:memory:/\n0::/',
      'sys/fs/cgroup/memory/memory.pressure': pressure(1),
    });
    using second = new FakeSystem({
      'proc/self/cgroup': '0::/',
      'sys/fs/cgroup/cgroup.controllers': 'cpu',
      'sys/fs/cgroup/cpu.pressure': pressure(1),
    });

    for (const system of [none, first, second])
      expect(() => pressureStall({ rootDirectory: system.rootDirectory, resource: 'memory' }).read()).toThrow(
        'the kernel does not tell how long this process waits for memory',
      );
  });

  it.each([
    ['cannot be read', 'cpu.pressure/is a directory'],
    ['says nothing', 'cpu.pressure'],
  ])('is off where the file is there and %s', (_, path) => {
    using system = new FakeSystem({
      'proc/self/cgroup': '0::/',
      'sys/fs/cgroup/cgroup.controllers': 'cpu',
      [`sys/fs/cgroup/${path}`]: '',
    });
    const signal = pressureStall({ rootDirectory: system.rootDirectory });

    expect(() => signal.read()).toThrow('the kernel does not tell how long this process waits for cpu');
  });

  it.each<[object, string]>([
    [{ resource: 'disk' }, "resource must be one of 'cpu', 'memory', 'io'"],
    [{ full: 0 }, 'full must be'],
    [{ rootDirectory: '' }, 'rootDirectory must be'],
    [{ clock: {} }, 'clock must be'],
  ])('refuses %j', (options, message) => {
    expect(() => pressureStall(options)).toThrow(message);
  });
});
