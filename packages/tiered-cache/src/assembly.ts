import { randomUUID } from 'node:crypto';
import { EventHub } from '@holdfast/core';

import type { SharedCache } from './cache.ts';
import type { Authority } from './coherence/authority.ts';
import type { CoherentStore } from './coherence/coherent-store.ts';
import { LocalAuthority } from './coherence/local-authority.ts';
import { LogFollower } from './coherence/log-follower.ts';
import { Counts } from './counts.ts';
import type { Entry } from './entry/entry.ts';
import { Lives } from './entry/lives.ts';
import { Stamps } from './entry/stamps.ts';
import type { TieredCacheEvent } from './events.ts';
import { CoarseClock } from './memory/coarse-clock.ts';
import { FirstTier } from './memory/first-tier.ts';
import { MemoryTable } from './memory/memory-table.ts';
import type { ResolvedOptions } from './resolved-options.ts';
import { EarlyRefresh } from './reading/early-refresh.ts';
import { EntryStore } from './reading/entry-store.ts';
import { Loading } from './reading/loading.ts';
import { ReadThrough } from './reading/read-through.ts';
import { Reads } from './reading/reads.ts';
import { Sliding } from './reading/sliding.ts';
import { LowerTiers } from './tiers/lower-tiers.ts';
import { PlainStore } from './tiers/plain-store.ts';
import { RecentWrites } from './tiers/recent-writes.ts';
import { Tier } from './tiers/tier.ts';
import type { TierSetup, TierSurroundings } from './tiers/tier-setup.ts';
import { Writes } from './writing/writes.ts';

/** The parts of one cache, put together. */
export interface Assembly {
  readonly hub: EventHub<TieredCacheEvent>;
  readonly counts: Counts;
  readonly first: FirstTier | undefined;
  readonly store: EntryStore;
  readonly lives: Lives;
  readonly reads: Reads;
  readonly writes: Writes;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The tier that a fleet agrees through, and its store. */
interface Agreement {
  readonly setup: TierSetup;
  readonly store: CoherentStore;
}

export function assemble(options: ResolvedOptions): Assembly {
  const { name, namespace, clock, random, format, guard, settleMs, lower, unverified, leaseMs } = options;
  const hub = new EventHub<TieredCacheEvent>();
  const counts = new Counts();
  const stamps = new Stamps();
  const coarse = new CoarseClock(clock);
  const origin = randomUUID();
  const earlyRefresh = new EarlyRefresh(options.earlyRefresh, random);
  const agreement = agreementOf(lower, namespace);
  const local = agreement === undefined ? new LocalAuthority(clock) : undefined;
  const follower = agreement && follow(agreement, options, origin, hub, counts, () => store);
  const authority: Authority = follower ?? (local as LocalAuthority);

  const { invalidations } = authority;
  const around: TierSurroundings = {
    name,
    namespace,
    clock,
    format,
    guard,
    hub,
    origin,
    settleMs,
    invalidations,
  };
  const tiers = lower.map((setup) => {
    const own = setup === agreement?.setup ? agreement.store : plainStoreOf(setup, options, local);
    const recent = setup === agreement?.setup ? new RecentWrites(clock, invalidations) : undefined;
    return new Tier(setup, own, { ...around, recent });
  });
  const shared = tiers.find(({ level }) => level === agreement?.setup.level);
  const lowerTiers = new LowerTiers({
    tiers,
    shared,
    authority,
    stamps,
    origin,
    leaseMs,
    unverified,
    clock,
  });
  const { maxStalenessMs } = options;
  const first =
    options.l1 &&
    new FirstTier({
      table: new MemoryTable<Entry>(options.l1, (entry) => entry.goneAt <= coarse.now()),
      authority,
      earlyRefresh,
      ttlMs: options.l1.ttlMs,
      maxStalenessMs: agreement === undefined ? Infinity : maxStalenessMs,
      clock,
      coarse,
    });
  const store: EntryStore = new EntryStore({ ...around, first, lower: lowerTiers, authority, stamps });
  const sliding = new Sliding(store, counts, clock);
  const loading = new Loading({
    store,
    authority,
    counts,
    clock,
    random,
    leaseWaitMs: options.leaseWaitMs,
    negativeTtlMs: options.negativeTtlMs,
    guard,
  });
  const through = new ReadThrough({
    name,
    store,
    loading,
    earlyRefresh,
    sliding,
    counts,
    hub,
    clock,
    loadRetryMs: options.loadRetryMs,
    softTimeoutMs: options.tierSoftTimeoutMs,
    unverified,
  });
  const lives = new Lives(options.terms, options.jitterRatio, random);
  const reads = new Reads({
    name,
    store,
    through,
    sliding,
    authority,
    counts,
    lives,
    clock,
    patienceMs: options.patienceMs,
    recorder: options.reads,
  });
  const writes = new Writes({ name, store, authority, local, stamps, clock, strict: options.strict });

  const dispose = async (): Promise<void> => {
    through[Symbol.dispose]();
    coarse[Symbol.dispose]();
    authority[Symbol.dispose]();
    store.invalidateAll();
    await lowerTiers[Symbol.asyncDispose]();
    try {
      await agreement?.store[Symbol.asyncDispose]();
    } finally {
      await disposeAll(lower.map(({ cache }) => cache));
    }
  };
  return {
    hub,
    counts,
    first,
    store,
    lives,
    reads,
    writes,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Disposes all of them, also if one of them fails. @throws What the first one that failed has thrown. */
async function disposeAll(parts: readonly AsyncDisposable[]): Promise<void> {
  const ends = await Promise.allSettled(parts.map(async (part) => part[Symbol.asyncDispose]()));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** The nearest tier that a fleet can agree through. */
function agreementOf(setups: readonly TierSetup[], namespace: string): Agreement | undefined {
  for (const setup of setups) {
    const store = (setup.cache as Partial<SharedCache>).coherent?.(namespace);
    if (store !== undefined) return { setup, store };
  }
  return undefined;
}

function plainStoreOf(
  { cache, ttlMs }: TierSetup,
  { namespace, clock }: ResolvedOptions,
  local: LocalAuthority | undefined,
): PlainStore {
  const own = (cache as Partial<SharedCache>).bytes?.(namespace);
  // Beside a log nobody asks a plain store for positions.
  const positions = local ?? { next: () => 0n };
  return new PlainStore(own ?? cache, own === undefined ? `${namespace}:` : '', positions, clock, ttlMs);
}

function follow(
  { setup, store }: Agreement,
  { name, clock, maxStalenessMs, lower }: ResolvedOptions,
  origin: string,
  hub: EventHub<TieredCacheEvent>,
  counts: Counts,
  entries: () => EntryStore,
): LogFollower {
  const durable = lower.some((other) => other !== setup);
  return new LogFollower({
    store,
    origin,
    maxStalenessMs,
    readyWithinMs: setup.timeoutMs,
    from: durable ? 'oldest' : 'end',
    clock,
    onChange: (change) => {
      counts.changes += 1;
      entries().follow(change);
    },
    onLoss: (because) => {
      if (because === 'start') return entries().restart();
      entries().invalidateAll();
      counts[because === 'gap' ? 'gaps' : 'epochs'] += 1;
      if (hub.observed) hub.emit({ type: 'memory-dropped', cache: name, because });
    },
    onReplaced: () => entries().lower.shared?.repeat(),
    onUp: () => {
      if (hub.observed) hub.emit({ type: 'log-found', cache: name });
    },
    onDown: (error) => {
      if (hub.observed) hub.emit({ type: 'log-lost', cache: name, error });
    },
  });
}
