import type { Redis } from 'ioredis';

import type { CoherentStore } from '../../src/coherence/coherent-store.ts';
import { readPosition, writePosition } from '../../src/coherence/position.ts';
import { layout } from '../../src/entry/layout.ts';
import { envelope } from '../contract/envelopes.ts';

export type Step =
  | { readonly do: 'begin' | 'finish' | 'look' | 'delete'; readonly key: string }
  | { readonly do: 'deleteTag' | 'clear' }
  | { readonly do: 'lose'; readonly what: 'log' | 'meta' | 'tags' | 'lease' | 'value' | 'everything' };

/** A load that has read the source and not stored yet. */
interface Load {
  readonly token: string;
  readonly bytes: Buffer;
}

/**
 * Caches without memory of their own before a source, in the fewest words: each entry bears a tag, and whoever reads one
 * judges it by what the store says at that moment. Throws when an entry is taken for good and the source has moved on.
 */
export class FleetModel {
  readonly #store: CoherentStore;
  readonly #client: Redis;
  readonly #prefix: string;
  readonly #source = new Map<string, number>();
  readonly #loads = new Map<string, Load[]>();
  #turn = 0;

  constructor(store: CoherentStore, client: Redis, prefix: string) {
    this.#store = store;
    this.#client = client;
    this.#prefix = `${prefix}/shop`;
  }

  async take(step: Step): Promise<void> {
    this.#turn += 1;
    const terms = { origin: 'model', settleMs: 0 };
    if (step.do === 'begin') await this.#begin(step.key);
    if (step.do === 'finish') await this.#finish(step.key);
    if (step.do === 'look') await this.#look(step.key);
    if (step.do === 'lose') await this.#lose(step.what);
    // The application commits first and invalidates then.
    if (step.do === 'delete') {
      this.#commit(step.key);
      await this.#store.delete([step.key], terms);
    }
    if (step.do === 'deleteTag' || step.do === 'clear') {
      for (const key of ['a', 'b']) this.#commit(key);
      if (step.do === 'clear') await this.#store.clear(terms);
      else await this.#store.invalidateTags(['tag'], 'delete-tags', terms);
    }
  }

  #commit(key: string): void {
    this.#source.set(key, this.#turn);
  }

  async #begin(key: string): Promise<void> {
    const stored = await this.#store.get(key);
    const known = stored === undefined || (await this.#isGood(Buffer.from(stored))) ? undefined : stored;
    const token = `token ${this.#turn}`;
    const terms = { token, leaseMs: 60_000, known: known?.subarray(layout.stampAt, layout.stampAt + 8) };
    const { outcome } = await this.#store.acquire(key, terms);
    if (outcome !== 'granted') return;
    const { epoch, mark } = await this.#store.start('end');
    const bytes = envelope({ stamp: this.#turn, payload: String(this.#source.get(key) ?? 0) });
    bytes.writeBigUInt64BE(epoch, layout.epochAt);
    writePosition(bytes, mark.position, layout.bornAt);
    this.#loads.set(key, [...(this.#loads.get(key) ?? []), { token, bytes }]);
  }

  async #finish(key: string): Promise<void> {
    const [load, ...others] = this.#loads.get(key) ?? [];
    this.#loads.set(key, others);
    if (load !== undefined) await this.#store.fill(key, load.token, load.bytes, { ttlMs: 60_000 });
  }

  async #look(key: string): Promise<void> {
    const stored = await this.#store.get(key);
    if (stored === undefined || !(await this.#isGood(Buffer.from(stored)))) return;
    const value = Number(Buffer.from(stored).subarray(layout.etagAt + 4));
    const source = this.#source.get(key) ?? 0;
    if (value !== source) throw new Error(`${key} is ${source}, and ${value} was taken for good`);
  }

  async #isGood(bytes: Buffer): Promise<boolean> {
    const tag = (await this.#store.tags(['tag'])).get('tag');
    const { epoch, cleared, tagFloor } = await this.#store.start('end');
    const born = readPosition(bytes, layout.bornAt);
    if (bytes.readBigUInt64BE(layout.epochAt) !== epoch || born < cleared || born < tagFloor) return false;
    return born >= (tag?.deleted ?? 0n);
  }

  async #lose(what: 'log' | 'meta' | 'tags' | 'lease' | 'value' | 'everything'): Promise<void> {
    const all = await this.#client.keys(`*${this.#prefix}*`);
    const part = { lease: ':l:', value: ':v:', log: ':log', meta: ':meta', tags: ':tags', everything: '' }[
      what
    ];
    const lost = all.filter((name) => name.includes(part));
    if (lost.length > 0) await this.#client.del(...lost);
  }
}
