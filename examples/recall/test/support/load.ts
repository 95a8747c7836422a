import { theCorpus } from './fixtures.ts';
import { loadSections, type ServiceFixture } from './service.ts';
import { LoadGenerator } from '../../src/demo/load-generator.ts';
import type { PhaseMeasurement } from '../../src/demo/load-phase.ts';
import { Workload } from '../../src/demo/workload.ts';

const users = ['reader-1', 'reader-2', 'reader-3'];

/** Gives three readers a part of the documentation. */
export async function aWorkload({ service }: ServiceFixture, sections = 60): Promise<Workload> {
  const items: Record<string, readonly string[]> = {};
  for (const user of users) items[user] = [...(await loadSections(service, user, sections)).values()];
  const titles = theCorpus()
    .corpus.sections.slice(0, sections)
    .map(({ title }) => title);
  return new Workload({ seed: 7, users, items, titles });
}

export interface LoadOptions {
  readonly ratePerSecond?: number;
  readonly durationMs: number;
  readonly spread?: 'popular' | 'wide';
}

/** Sends the readers' requests at that rate, whatever becomes of them. */
export async function load(
  { service }: ServiceFixture,
  workload: Workload,
  { ratePerSecond = 80, durationMs, spread = 'popular' }: LoadOptions,
): Promise<PhaseMeasurement> {
  using generator = new LoadGenerator(service.url);
  return await generator.run({ name: 'load', ratePerSecond, durationMs, spread }, () =>
    workload.next(spread),
  );
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
