import { type Clock, hours } from '@holdfast/core';
import { type Corpus, draftOf, loadCorpus, type Section } from '../corpus/corpus.ts';
import { Library } from '../corpus/library.ts';
import { generateTrace, type SyntheticTrace } from '../corpus/trace.ts';
import { limits } from '../domain/limits.ts';
import { userId } from '../domain/user-id.ts';
import type { Service } from '../service/service.ts';
import { ProgressBar } from './progress-bar.ts';
import type { WorkloadSource } from './workload.ts';

const seed = 42;
const readers = 8;
const days = 14;

/**
 * Gives every reader a library of their own, the installed documentation of fastify and undici, and a made-up history of
 * reading it; then waits for the vectors. Returns what load can be made of.
 */
export async function loadLibrary(service: Service, clock: Clock): Promise<WorkloadSource> {
  const corpus = loadCorpus();
  const startAt = Math.floor(clock.epoch() / hours(24) - days) * hours(24);
  const trace = generateTrace(corpus, { seed, users: readers, days, startAt });
  const libraries = await saveItems(service, corpus, trace.users);
  await recordHistory(service, trace, libraries);
  await makeVectors(service, trace.users, corpus.sections.length);
  const popular = new Library(corpus).popular.toSorted(([, a], [, b]) => b - a);
  return {
    seed,
    users: trace.users,
    items: Object.fromEntries([...libraries].map(([user, ids]) => [user, [...ids.values()]])),
    titles: popular.slice(0, 60).map(([{ title }]) => title),
  };
}

/** Item ids by source, for each user. */
type Libraries = ReadonlyMap<string, ReadonlyMap<string, string>>;

async function saveItems(
  { recall }: Service,
  { sections }: Corpus,
  users: readonly string[],
): Promise<Libraries> {
  const bar = new ProgressBar('items  ', users.length * sections.length);
  const libraries = new Map<string, ReadonlyMap<string, string>>();
  let saved = 0;
  for (const user of users) {
    const ids = new Map<string, string>();
    for (const batch of batches<Section>(sections, limits.maxBatch)) {
      const imported = await recall.items.import(userId(user), batch.map(draftOf));
      for (const [index, { source }] of batch.entries()) {
        const one = imported[index];
        if (one !== undefined) ids.set(source, one.outcome === 'created' ? one.item.id : one.itemId);
      }
      bar.show((saved += batch.length));
    }
    libraries.set(user, ids);
  }
  return libraries;
}

async function recordHistory(
  { recall }: Service,
  { accesses }: SyntheticTrace,
  libraries: Libraries,
): Promise<void> {
  const bar = new ProgressBar('history', accesses.length);
  let recorded = 0;
  for (const [user, own] of Map.groupBy(accesses, (access) => access.user))
    for (const batch of batches(own, limits.maxEvents)) {
      const events = batch.map(({ source, eventId, at, session }) => {
        return { eventId, at, session, itemId: libraries.get(user)?.get(source) ?? '' };
      });
      await recall.events.record(userId(user), events);
      bar.show((recorded += batch.length));
    }
}

async function makeVectors({ recall }: Service, users: readonly string[], perUser: number): Promise<void> {
  const bar = new ProgressBar('vectors', users.length * perUser);
  let made = 0;
  for (const user of users)
    for (let done = await recall.embeddings.embedPending(userId(user), 64); done > 0;) {
      bar.show((made += done));
      done = await recall.embeddings.embedPending(userId(user), 64);
    }
}

function* batches<Entry>(entries: readonly Entry[], size: number): Generator<readonly Entry[]> {
  for (let start = 0; start < entries.length; start += size) yield entries.slice(start, start + size);
}
