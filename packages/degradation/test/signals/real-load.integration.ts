import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.ts';
import { OwnGroup } from '../support/own-cgroup.ts';

const script = new URL('../children/signals-under-load.ts', import.meta.url);

async function read(load: string, directories: readonly string[] = []): Promise<Record<string, number>> {
  using child = new Child(script, [load, ...directories]);
  return await child.readings();
}

describe('eventLoopDelay in a process', () => {
  it('D14: sees a stall of 300 ms whole, which a histogram that was just reset loses', async () => {
    const { stalledMs, histogramCount } = await read('delay');

    expect(stalledMs).toBeGreaterThanOrEqual(290);
    expect(histogramCount).toBe(0);
  });

  it('takes a process that was stopped for longer than two seconds for a calm one', async () => {
    using child = new Child(script, ['suspended']);
    await child.says('sampling');
    child.signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    child.signal('SIGCONT');

    expect(await child.readings()).toMatchObject({ transitions: 0 });
  });
});

describe('eventLoopUtilization in a process', () => {
  it('D15: reads the last interval, where a share since the start still remembers the calm', async () => {
    const { idle, busy, sinceTheStart, idleAgain } = await read('utilization');

    expect(idle).toBeLessThan(0.5);
    expect(busy).toBeGreaterThan(0.9);
    expect(sinceTheStart).toBeLessThan(0.75);
    expect(idleAgain).toBeLessThan(0.5);
  });
});

describe('heapUsed in a worker with 64 MB', () => {
  it('reads what is kept, and not the garbage', async () => {
    const worker = new Worker(new URL('../children/heap-in-use.ts', import.meta.url), {
      execArgv: ['--conditions=@holdfast/source'],
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
    });
    const [message] = (await once(worker, 'message')) as [
      {
        readonly garbage: { readonly lasting: number; readonly momentary: number };
        readonly ballast: number;
      },
    ];
    const { garbage, ballast } = message;
    await worker.terminate();

    expect(garbage.lasting).toBeLessThan(0.9 * garbage.momentary);
    expect(garbage.lasting).toBeLessThan(ballast);
    expect(ballast).toBeGreaterThan(0.5);
  });
});

describe('cpuQuota in a control group with a fifth of a CPU', () => {
  it('reads 1 or more while the process computes, and less when it rests', async ({ skip }) => {
    using group = OwnGroup.make('cpu', { 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': '20000' });
    if (group === undefined) return skip('this process may not make control groups');

    const { busy, idle } = await read('quota', group.directories);

    // It uses its fifth, and is kept from using more.
    expect(busy).toBeGreaterThan(0.95);
    expect(idle).toBeLessThan(0.5);
  });
});

describe('memoryLimit in a control group with 800 MB', () => {
  it('rises by a quarter when 200 MB more are used', async ({ skip }) => {
    using group = OwnGroup.make('memory', { 'memory.limit_in_bytes': String(800 * 1024 ** 2) });
    if (group === undefined) return skip('this process may not make control groups');

    const { before = Number.NaN, after = Number.NaN } = await read('memory', group.directories);

    expect(before).toBeGreaterThan(0);
    expect(after - before).toBeGreaterThan(0.2);
    expect(after - before).toBeLessThan(0.3);
  });
});
