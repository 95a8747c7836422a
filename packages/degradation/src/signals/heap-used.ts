import { getHeapStatistics } from 'node:v8';
import { atLeast, wholeNumber } from '@holdfast/core';
import type { Signal } from '../signal.ts';

export interface HeapUsedOptions {
  /** Bytes that the heap may take, if less than what V8 allows. */
  readonly budgetBytes?: number | undefined;
  /** Share of them that counts as 1; over 0. Defaults to 0.92. */
  readonly full?: number | undefined;
  /** The lowest of so many samples counts, which is near what is left after a collection. Defaults to 4. */
  readonly maxSamples?: number | undefined;
}

/** Share of the heap that is in use. Between collections a heap fills with garbage, which is no load: hence the lowest. */
export function heapUsed(options: HeapUsedOptions = {}): Signal {
  const full = atLeast('full', options.full ?? 0.92, 0.01);
  const budgetBytes = wholeNumber('budgetBytes', options.budgetBytes ?? Number.MAX_SAFE_INTEGER, 1);
  const maxSamples = wholeNumber('maxSamples', options.maxSamples ?? 4, 1);
  const recent: number[] = [];
  return {
    name: 'heapUsed',
    read: () => {
      const { used_heap_size: usedBytes, heap_size_limit: limitBytes } = getHeapStatistics();
      if (recent.push(usedBytes) > maxSamples) recent.shift();
      return Math.min(...recent) / Math.min(limitBytes, budgetBytes) / full;
    },
  };
}
