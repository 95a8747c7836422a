import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { controlGroups, fieldIn, limitIn, numberIn } from './control-groups.ts';

/** A group that may have a memory limit. */
export interface MemoryGroup {
  /** `Infinity` without one. It may change while the process runs. */
  limitBytes(): number;
  /** What cannot be taken back at once: all but the pages of files that were not used of late. */
  usedBytes(): number;
}

interface Files {
  readonly limit: string;
  readonly usage: string;
  readonly inactive: string;
}

const files: Readonly<Record<1 | 2, Files>> = {
  1: { limit: 'memory.limit_in_bytes', usage: 'memory.usage_in_bytes', inactive: 'total_inactive_file' },
  2: { limit: 'memory.max', usage: 'memory.current', inactive: 'inactive_file' },
};

/** The groups around this process whose limit can be read. */
export function memoryGroups(rootDirectory: string): readonly MemoryGroup[] {
  const found = controlGroups('memory', rootDirectory);
  if (found === undefined) return [];
  const { limit, usage, inactive } = files[found.version];
  return found.paths
    .map((path) => join(found.base, path))
    .filter((group) => existsSync(join(group, limit)))
    .map((group) => ({
      limitBytes: () => limitIn(join(group, limit)),
      usedBytes: () => numberIn(join(group, usage)) - fieldIn(join(group, 'memory.stat'), inactive),
    }));
}
