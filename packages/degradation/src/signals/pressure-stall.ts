import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, methods, oneOf, ratio, systemClock, text } from '@holdfast/core';
import type { Signal } from '../signal.ts';
import { controlGroups, textOf } from './cgroup/control-groups.ts';

export interface PressureStallOptions {
  /** Defaults to `'cpu'`. */
  readonly resource?: 'cpu' | 'memory' | 'io' | undefined;
  /** Share of the time that counts as 1; over 0. Defaults to 0.5. */
  readonly full?: number | undefined;
  /** Where `proc` and `sys` are. Defaults to `/`. */
  readonly rootDirectory?: string | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/**
 * Share of the time since the last sample in which some thread of the control group had to wait for a resource, as the kernel
 * counts it (PSI). Needs version 2 of control groups; elsewhere it is off, which is told once.
 */
export function pressureStall(options: PressureStallOptions = {}): Signal {
  const resource = oneOf('resource', options.resource ?? 'cpu', ['cpu', 'memory', 'io']);
  const full = ratio('full', options.full ?? 0.5, 'over');
  const clock = methods('clock', options.clock ?? systemClock, 'now');
  const file = fileOf(resource, text('rootDirectory', options.rootDirectory ?? '/'));
  const unknown = new Error(`the kernel does not tell how long this process waits for ${resource}`);
  let lastAt = clock.now();
  let lastMs = file === undefined ? 0 : stalledMs(file);
  return {
    name: `${resource}Pressure`,
    kind: 'queueing',
    read: () => {
      if (file === undefined) throw unknown;
      const [now, totalMs] = [clock.now(), stalledMs(file)];
      const share = now > lastAt ? (totalMs - lastMs) / (now - lastAt) : 0;
      lastAt = now;
      lastMs = totalMs;
      return share / full;
    },
  };
}

function fileOf(resource: string, rootDirectory: string): string | undefined {
  const groups = controlGroups(resource, rootDirectory);
  if (groups?.version !== 2) return undefined;
  const file = join(groups.base, groups.paths[0] ?? '', `${resource}.pressure`);
  return existsSync(file) && isReadable(file) ? file : undefined;
}

/** A kernel that was started without PSI may have the file all the same, and refuses to read it. */
function isReadable(file: string): boolean {
  try {
    return !Number.isNaN(stalledMs(file));
  } catch {
    return false;
  }
}

/** From `some avg10=0.00 avg60=0.00 avg300=0.00 total=<microseconds>`, the first line. */
function stalledMs(file: string): number {
  return Number(/total=(\d+)/.exec(textOf(file))?.[1]) / 1e3;
}
