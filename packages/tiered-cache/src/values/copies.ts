import { oneOf } from '@holdfast/core';

import { clone } from './clone.ts';
import { freeze } from './freeze.ts';

/**
 * What happens when the application changes an object that it gave to a cache or got from it:
 * - `'shared'`: memory holds the object itself, so everybody sees the change. Costs nothing; for code that does not change
 *   what it reads;
 * - `'frozen'`: memory holds the object itself, frozen all the way down when it is stored, so that a change throws, also for
 *   whoever handed it in. `Buffer`, typed arrays, `Date` and `URL` cannot be frozen and stay open to changes; instances of
 *   classes, functions, `RegExp` and errors are left alone. Costs nothing on a hit;
 * - `'cloned'`: memory holds a copy and gives out copies, so nobody sees the change. Each hit costs a copy, and a value
 *   with something in it that `typedCodec` does not keep, cycles excepted, cannot be stored.
 */
export type CopyMode = 'shared' | 'frozen' | 'cloned';

/** Stands between memory and the application. */
export interface ValueGuard {
  /** What memory holds of a value that is handed in. @throws {UnsupportedValueError} If it has to be cloned and cannot. */
  keep(value: unknown): unknown;
  /** What is handed out of a value that memory holds. */
  give(value: unknown): unknown;
}

const guards: Readonly<Record<CopyMode, ValueGuard>> = {
  shared: { keep: (value) => value, give: (value) => value },
  frozen: { keep: freeze, give: (value) => value },
  cloned: { keep: clone, give: clone },
};

/** @throws {InvalidOptionError} */
export function guardValue(mode: CopyMode): ValueGuard {
  return guards[oneOf('copies', mode, ['shared', 'frozen', 'cloned'])];
}
