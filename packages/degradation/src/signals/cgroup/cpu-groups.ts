import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { controlGroups, fieldIn, limitIn, numberIn, textOf } from './control-groups.ts';

/** What the kernel counts for a group since it began, in milliseconds of CPU time. */
export interface CpuTime {
  readonly usedMs: number;
  /** How long its threads were kept from running because the quota was used up. */
  readonly throttledMs: number;
}

/** A group that may have a quota. */
export interface CpuGroup {
  /** The quota in CPUs; `Infinity` without one. It may change while the process runs. */
  cpus(): number;
  time(): CpuTime;
}

/** The groups around this process whose quota can be read. */
export function cpuGroups(rootDirectory: string): readonly CpuGroup[] {
  const found = controlGroups('cpu', rootDirectory);
  if (found === undefined) return [];
  const { version, base, paths } = found;
  if (version === 2)
    return paths
      .map((path) => join(base, path))
      .filter((group) => existsSync(join(group, 'cpu.max')))
      .map(groupOfVersion2);
  const accounts = controlGroups('cpuacct', rootDirectory)?.base ?? base;
  return paths
    .map((path) => ({ group: join(base, path), account: join(accounts, path) }))
    .filter(({ group }) => existsSync(join(group, 'cpu.cfs_quota_us')))
    .filter(({ account }) => existsSync(join(account, 'cpuacct.usage')))
    .map(groupOfVersion1);
}

function groupOfVersion2(group: string): CpuGroup {
  const [max, stat] = [join(group, 'cpu.max'), join(group, 'cpu.stat')];
  return {
    cpus: () => {
      const [quota, period] = textOf(max).split(' ');
      return quota === 'max' ? Infinity : Number(quota) / Number(period);
    },
    time: () => ({
      usedMs: fieldIn(stat, 'usage_usec') / 1e3,
      throttledMs: fieldIn(stat, 'throttled_usec') / 1e3,
    }),
  };
}

function groupOfVersion1({ group, account }: { readonly group: string; readonly account: string }): CpuGroup {
  return {
    // Without a quota the file says -1.
    cpus: () => limitIn(join(group, 'cpu.cfs_quota_us')) / numberIn(join(group, 'cpu.cfs_period_us')),
    time: () => ({
      usedMs: numberIn(join(account, 'cpuacct.usage')) / 1e6,
      throttledMs: fieldIn(join(group, 'cpu.stat'), 'throttled_time') / 1e6,
    }),
  };
}
