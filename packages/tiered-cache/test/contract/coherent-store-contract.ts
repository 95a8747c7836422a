// Makes suites for others: the titles are theirs.
/* oxlint-disable vitest/valid-title */
import { afterEach, beforeEach, describe } from 'vitest';

import type { CoherentStore } from '../../src/coherence/coherent-store.ts';
import { changesContract } from './coherent-store-changes.ts';
import { extensionsContract } from './coherent-store-extensions.ts';
import { leasesContract } from './coherent-store-leases.ts';
import { logContract } from './coherent-store-log.ts';
import { tagsContract } from './coherent-store-tags.ts';

/** What stores share, as processes share a server. Empty at first. */
export interface Backing {
  /** A further store over it, as another process opens one. */
  open(): CoherentStore;
  /** Lets `ms` milliseconds pass where lives are measured. */
  readonly pass: (ms: number) => Promise<void>;
}

/** Two stores over one backing, anew for each test. */
export interface Stores {
  readonly here: CoherentStore;
  readonly there: CoherentStore;
  readonly pass: (ms: number) => Promise<void>;
}

/** What every implementation of `CoherentStore` owes those who agree through it. */
export function coherentStoreContract(title: string, start: () => Backing | Promise<Backing>): void {
  describe(title, () => {
    let backing: Backing;
    let here: CoherentStore;
    let there: CoherentStore;

    beforeEach(async () => {
      backing = await start();
      here = backing.open();
      there = backing.open();
    });

    afterEach(async () => {
      await here[Symbol.asyncDispose]();
      await there[Symbol.asyncDispose]();
    });

    const stores = (): Stores => ({ here, there, pass: backing.pass });
    leasesContract(stores);
    extensionsContract(stores);
    changesContract(stores);
    tagsContract(stores);
    logContract(stores);
  });
}
