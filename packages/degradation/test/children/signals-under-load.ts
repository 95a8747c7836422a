// Puts real load on one signal and says what it reads.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  cpuQuota,
  Degradation,
  eventLoopDelay,
  eventLoopUtilization,
  memoryLimit,
} from '@holdfast/degradation';

const [what = '', ...directories] = process.argv.slice(2);
for (const directory of directories) writeFileSync(join(directory, 'cgroup.procs'), String(process.pid));

function say(name: string, value: number): void {
  process.stdout.write(`${name} ${value}\n`);
}

function burn(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const loads: Record<string, () => Promise<void>> = {
  async delay() {
    const signal = eventLoopDelay({ calmMs: 0, fullMs: 1 });
    const running = signal.start?.();
    const histogram = monitorEventLoopDelay({ resolution: 10 });
    histogram.enable();
    await sleep(100);
    signal.read();
    histogram.reset();
    burn(300);
    say('stalledMs', signal.read());
    say('histogramCount', histogram.count);
    running?.[Symbol.dispose]();
  },

  async utilization() {
    const signal = eventLoopUtilization({ full: 1 });
    await sleep(1_000);
    say('idle', signal.read());
    burn(800);
    await sleep(0);
    say('busy', signal.read());
    say('sinceTheStart', performance.eventLoopUtilization().utilization);
    await sleep(1_000);
    say('idleAgain', signal.read());
  },

  async quota() {
    const signal = cpuQuota();
    signal.read();
    burn(1_000);
    say('busy', signal.read());
    // Who has used up a period at the end of the load is kept waiting for the rest of it.
    await sleep(200);
    signal.read();
    await sleep(500);
    say('idle', signal.read());
  },

  async memory() {
    const signal = memoryLimit({ full: 1 });
    say('before', signal.read());
    const ballast = Buffer.alloc(200 * 1024 ** 2, 1);
    say('after', signal.read());
    ballast.fill(2);
  },

  async suspended() {
    const degradation = new Degradation({ signals: [eventLoopDelay()], levels: { reduced: { enterMs: 0 } } });
    degradation.start();
    const beganAt = performance.now();
    await sleep(300);
    say('sampling', 1);
    // The clock of the process goes on while it is suspended.
    while (performance.now() - beganAt < 3_000) await sleep(20);
    await sleep(1_500);
    say('transitions', degradation.statistics().transitions);
  },
};

await loads[what]?.();
