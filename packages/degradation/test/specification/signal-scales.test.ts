import { ManualClock } from '@holdfast/core/testing';
import {
  cpuQuota,
  eventLoopDelay,
  InFlight,
  memoryLimit,
  openCircuits,
  poolUse,
  QueueWait,
  scaled,
  type Signal,
} from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { BlockingClock } from '../support/blocking-clock.ts';
import { FakeSystem } from '../support/system.ts';

/** What a signal reads when the thing itself is at `amount`. */
type Reader = (amount: number) => { readonly signal: Signal; readonly reading: number };

const delay: Reader = (lateMs) => {
  const clock = new BlockingClock();
  const signal = eventLoopDelay({ clock });
  signal.start?.();
  // Due in 10 ms.
  clock.block(10 + lateMs);
  return { signal, reading: signal.read() };
};

const quota: Reader = (usedMs) => {
  const stat = (ms: number): string => `usage_usec ${ms * 1e3}`;
  using system = new FakeSystem({
    'proc/self/cgroup': '0::/',
    'sys/fs/cgroup/cgroup.controllers': 'cpu',
    'sys/fs/cgroup/cpu.max': '50000 100000',
    'sys/fs/cgroup/cpu.stat': stat(0),
  });
  const clock = new ManualClock();
  const signal = cpuQuota({ rootDirectory: system.rootDirectory, clock });
  signal.read();
  clock.advanceSync(1_000);
  system.write('sys/fs/cgroup/cpu.stat', stat(usedMs));
  return { signal, reading: signal.read() };
};

const memory: Reader = (megabytes) => {
  using system = new FakeSystem({
    'proc/self/cgroup': '0::/',
    'sys/fs/cgroup/cgroup.controllers': 'memory',
    'sys/fs/cgroup/memory.max': '1000',
    'sys/fs/cgroup/memory.current': String(megabytes),
    'sys/fs/cgroup/memory.stat': 'inactive_file 0',
  });
  const signal = memoryLimit(system);
  return { signal, reading: signal.read() };
};

const inFlight: Reader = (calls) => {
  const signal = new InFlight({ limit: 20 });
  for (let i = 0; i < calls; i += 1) signal.enter();
  return { signal, reading: signal.read() };
};

const wait: Reader = (ms) => {
  const signal = new QueueWait({ oldestMs: () => ms });
  return { signal, reading: signal.read() };
};

const circuits: Reader = (open) => {
  const states = Array.from({ length: 4 }, (_, i) => ({
    statistics: () => ({ state: i < open ? 'open' : 'closed' }),
  }));
  const signal = openCircuits(states);
  return { signal, reading: signal.read() };
};

const pool: Reader = (queued) => {
  const statistics = { running: 10, queued, limit: 10, queueLimit: 10 };
  const signal = poolUse({ name: 'pool', statistics: () => statistics });
  return { signal, reading: signal.read() };
};

const latency: Reader = (ms) => {
  const signal = scaled('redis', () => ms, { calm: 5, full: 25 });
  return { signal, reading: signal.read() };
};

describe('the scale of a signal', () => {
  it.each<[row: string, kind: string, amount: number, read: Reader, reading: number]>([
    ['loop delay p99 of 10 ms', 'queueing', 10, delay, 0],
    ['loop delay p99 of 55 ms', 'queueing', 55, delay, 0.5],
    ['loop delay p99 of 100 ms', 'queueing', 100, delay, 1],
    ['CPU of half a quota of half a CPU', 'utilization', 250, quota, 0.5],
    ['CPU of a quota of half a CPU', 'utilization', 500, quota, 1],
    ['memory at half of 95 %', 'capacity', 475, memory, 0.5],
    ['memory at 95 %', 'capacity', 950, memory, 1],
    ['half of the calls in flight', 'queueing', 10, inFlight, 0.5],
    ['in-flight / limit of 1', 'queueing', 20, inFlight, 1],
    ['queue wait p95 of 25 ms', 'queueing', 25, wait, 0.5],
    ['queue wait p95 of 50 ms', 'queueing', 50, wait, 1],
    ['breaker open share of a quarter', 'capacity', 1, circuits, 0.5],
    ['breaker open share of a half', 'capacity', 2, circuits, 1],
    ['pool with a queue that is half full', 'capacity', 5, pool, 0.75],
    ['Redis latency of 15 ms, 5 to 25', 'queueing', 15, latency, 0.5],
  ])('%s', (_, kind, amount, read, expected) => {
    const { signal, reading } = read(amount);

    expect(signal.kind ?? 'capacity').toBe(kind);
    expect(reading).toBeCloseTo(expected, 6);
  });
});
