import { ManualClock } from '@holdfast/core/testing';

import { type Corpus, loadCorpus } from '../../src/corpus/corpus.ts';
import { SeededRandom } from '../../src/corpus/random.ts';
import type { AccessEvent, Item } from '../../src/domain/model.ts';
import { IdSource } from '../../src/domain/ids.ts';
import { Recall, type RecallOptions } from '../../src/domain/recall.ts';
import { type UserId, userId } from '../../src/domain/user-id.ts';
import { HashingEmbedder } from '../../src/embedding/hashing-embedder.ts';
import { TermWeights } from '../../src/embedding/term-weights.ts';
import { openStorage } from '../../src/storage/open.ts';

export const epochMs: number = Date.UTC(2026, 2, 2, 9);

/** Ids that sort by when they were made and are the same in each run. */
export function idSource(seed: number = 1): IdSource {
  const random = new SeededRandom(seed);
  return new IdSource(new ManualClock(epochMs), (bytes) => {
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = random.below(256);
  });
}

const ids = idSource();

export function anItem(fields: Partial<Item> = {}): Item {
  return {
    id: ids.next(),
    kind: 'note',
    title: 'A title',
    body: '',
    tags: [],
    links: [],
    version: 1,
    createdAt: epochMs,
    updatedAt: epochMs,
    ...fields,
  };
}

let events = 0;

export function anEvent(itemId: string, fields: Partial<AccessEvent> = {}): AccessEvent {
  return { eventId: `event-${(events += 1)}`, itemId, at: epochMs, origin: 'open', session: 's', ...fields };
}

let users = 0;

/** A user whom no other test has, so that tests can share a database. */
export const aUser = (): UserId => userId(`user-${(users += 1)}`);

/** A few words are enough where the vectors themselves do not matter. */
export const smallEmbedder = (): HashingEmbedder =>
  new HashingEmbedder(TermWeights.of(['one two', 'two three']));

export interface RecallFixture extends AsyncDisposable {
  readonly recall: Recall;
  readonly clock: ManualClock;
}

/** Recall on SQLite in memory and a clock that stands still. */
export async function aRecall(options: Partial<RecallOptions> = {}): Promise<RecallFixture> {
  const clock = new ManualClock(epochMs);
  const storage = await openStorage({ file: ':memory:' });
  const recall = new Recall({ storage, local: smallEmbedder(), clock, ...options });
  return { recall, clock, [Symbol.asyncDispose]: () => recall[Symbol.asyncDispose]() };
}

let loaded: { readonly corpus: Corpus; readonly embedder: HashingEmbedder } | undefined;

/** The documentation and an embedder that knows its words; read once. */
export function theCorpus(): { readonly corpus: Corpus; readonly embedder: HashingEmbedder } {
  if (loaded === undefined) {
    const corpus = loadCorpus();
    const texts = corpus.sections.map(({ title, body }) => `${title}\n${body}`);
    loaded = { corpus, embedder: new HashingEmbedder(TermWeights.of(texts)) };
  }
  return loaded;
}
