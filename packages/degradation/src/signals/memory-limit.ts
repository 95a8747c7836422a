import { atLeast, text } from '@holdfast/core';
import type { Signal } from '../signal.ts';
import { type MemoryGroup, memoryGroups } from './cgroup/memory-groups.ts';

export interface MemoryLimitOptions {
  /** Share of the limit that counts as 1; over 0. Defaults to 0.95. */
  readonly full?: number | undefined;
  /** Where `proc` and `sys` are. Defaults to `/`. */
  readonly rootDirectory?: string | undefined;
}

/** One object for all readings: an error for each would cost more than the reading. */
const withoutLimit = new Error('nothing limits the memory of this process');

/**
 * Memory against the limit at which the kernel kills: what the process's control group uses, without cached files that can be
 * dropped, or else the resident memory of the process against `process.constrainedMemory()`. Reads version 1 and 2. Off, which
 * is told once, where there is no limit.
 */
export function memoryLimit(options: MemoryLimitOptions = {}): Signal {
  const full = atLeast('full', options.full ?? 0.95, 0.01);
  const groups = memoryGroups(text('rootDirectory', options.rootDirectory ?? '/'));
  return {
    name: 'memoryLimit',
    read: () => {
      const used = groups.length > 0 ? Math.max(...groups.map(shareUsed)) : residentShare();
      if (used === 0) throw withoutLimit;
      return used / full;
    },
  };
}

/** 0 without a limit. */
function shareUsed(group: MemoryGroup): number {
  const limitBytes = group.limitBytes();
  return limitBytes === Infinity ? 0 : group.usedBytes() / limitBytes;
}

/** 0 without a limit. Node.js says 0 or 2^64 then, depending on the system. */
function residentShare(): number {
  const limitBytes = process.constrainedMemory();
  if (!Number.isSafeInteger(limitBytes) || limitBytes <= 0) return 0;
  return process.memoryUsage.rss() / limitBytes;
}
