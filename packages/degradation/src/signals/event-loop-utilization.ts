import { performance } from 'node:perf_hooks';
import { atLeast } from '@holdfast/core';
import type { Signal } from '../signal.ts';

/**
 * Share of the time since the last sample in which the event loop was busy; 1 at `full`, 0.98 by default. Never the share
 * since the process began, in which an hour of calm would hide a minute of overload.
 */
export function eventLoopUtilization(options: { readonly full?: number | undefined } = {}): Signal {
  const full = atLeast('full', options.full ?? 0.98, 0.01);
  let last = performance.eventLoopUtilization();
  return {
    name: 'eventLoopUtilization',
    kind: 'utilization',
    read: () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization / full;
    },
  };
}
