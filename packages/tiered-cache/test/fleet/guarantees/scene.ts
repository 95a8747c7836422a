import { until } from '@holdfast/test-support';

import type { Fleet } from '../fleet.ts';
import type { ClientKind } from '../messages.ts';
import type { Node } from '../node.ts';
import type { Site } from '../site.ts';

/** Where guarantees are tested: by which processes, with which client, at which site. */
export interface Scene {
  readonly fleet: Fleet;
  readonly client: ClientKind;
  /** Known once the tests run. */
  readonly at: () => Site;
}

/** Waits until the node has heard of one change that another one has made. */
export function hears(node: Node): Promise<void> {
  return until('the node hears of a change', async () => (await node.statistics()).coherence.changes === 1);
}
