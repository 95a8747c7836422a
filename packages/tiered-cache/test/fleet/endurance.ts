import { until } from '@holdfast/test-support';
import type { TieredCacheStatistics } from '@holdfast/tiered-cache';
import { expect } from 'vitest';

import { Checker } from './checker.ts';
import type { Fleet, Opened } from './fleet.ts';
import type { ClientKind } from './messages.ts';
import type { Site } from './site.ts';

/** Takes something from the server. `step` counts. */
export type Loss = (site: Site, prefix: string, step: number) => Promise<unknown>;

const maxStalenessMs = 400;
const keys = Array.from({ length: 6 }, (_, index) => `key ${index}`);
const steps = 40;

/** Reads and changes without pause while things are lost. Every answer is compared with the truth. */
export async function endure(
  fleet: Fleet,
  opening: Site,
  client: ClientKind,
  loss: Loss,
): Promise<{ readonly epochs: number }> {
  await using site = opening;
  await using opened = await fleet.open(site.direct(client), { maxStalenessMs, tierTimeoutMs: 250 });
  const checker = new Checker(opened, maxStalenessMs);
  const size = opened.nodes.length;
  const state = { over: false };
  const work = async (index: number): Promise<void> => {
    while (!state.over) {
      const chance = Math.random();
      const key = pick(keys) ?? '';
      if (chance < 0.07) await checker.change(index, key, 'key');
      else if (chance < 0.1) await checker.change(index, key, 'tag');
      else if (chance < 0.2) await checker.readMany(index, keys);
      else await checker.read(index, key);
    }
  };
  const working = Promise.all(Array.from({ length: 3 * size }, (_, worker) => work(worker % size)));
  try {
    for (let step = 0; step < steps; step += 1) {
      const { reads } = checker;
      await loss(site, opened.prefix, step);
      await until('there is work between losses', () => checker.reads > reads + 50);
    }
    // Otherwise nothing was cached, and nothing could have been wrong.
    await until('memory and Redis have answered', async () => {
      const [l1Hits, l2Hits] = [await sum(opened, ofL1), await sum(opened, ofL2)];
      return l1Hits > 100 && l2Hits > 10;
    });
  } finally {
    state.over = true;
    await working;
  }
  await until('nothing is owed', async () => (await sum(opened, owed)) === 0);
  await until('all agree', () => checker.agrees(keys));

  expect(checker.problems).toEqual([]);
  return { epochs: await sum(opened, ({ coherence }) => coherence.epochs) };
}

type Count = (statistics: TieredCacheStatistics) => number;

const ofL1: Count = ({ lookups }) => lookups.l1Hit;
const ofL2: Count = ({ lookups }) => lookups.l2Hit;
const owed: Count = ({ tiers }) => tiers.l2?.queued ?? 0;

async function sum({ nodes }: Opened, count: Count): Promise<number> {
  const all = await Promise.all(nodes.map((node) => node.statistics()));
  return all.reduce((total, statistics) => total + count(statistics), 0);
}

/** One of them, at random. */
export function pick<T>(all: readonly T[]): T | undefined {
  return all[Math.floor(Math.random() * all.length)];
}
