import type { Execution } from '@holdfast/core';

import type { GetOptions } from '../options.ts';
import type { Fence } from './fences.ts';
import type { LoadRequest } from './loading.ts';

/** One `get` with a loader, or one key of a `getMany`. */
export interface Read extends LoadRequest {
  readonly options: GetOptions | undefined;
  readonly execution: Execution | undefined;
  /** Held from the start of the read to its end. */
  fence: Fence | undefined;
}
