import type { Clock } from '@holdfast/core';

import type { HashingEmbedder } from '../embedding/hashing-embedder.ts';
import type { ItemFilter, ItemVector, Storage } from '../storage/contract.ts';
import { cursorAfter, itemOfCursor } from './cursor.ts';
import {
  DuplicateSourceError,
  InvalidInputError,
  ItemNotFoundError,
  VersionConflictError,
} from './errors.ts';
import type { IdSource } from './ids.ts';
import { checkedDraft, checkedLimit, checkedPatch, limits } from './limits.ts';
import type { Item, ItemDraft, ItemPatch, ItemSummary, Page } from './model.ts';
import type { UserId } from './user-id.ts';

export interface ItemListOptions extends ItemFilter {
  /** 1 to 100; 20 unless given. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** What became of one draft of a batch. */
export type ItemImport =
  | { readonly outcome: 'created'; readonly item: Item }
  | { readonly outcome: 'duplicate'; readonly itemId: string };

interface ItemsOptions {
  readonly storage: Storage;
  /** Its vectors are made with every write, so that each item has one at all times. */
  readonly local: HashingEmbedder;
  readonly ids: IdSource;
  readonly clock: Pick<Clock, 'epoch'>;
}

/** A user's items. What a write returns can be found by search at once. */
export class Items {
  readonly #options: ItemsOptions;

  constructor(options: ItemsOptions) {
    this.#options = options;
  }

  /**
   * @throws {InvalidInputError} when the draft is outside the limits.
   * @throws {DuplicateSourceError} when the user has an item from that source.
   */
  async create(user: UserId, draft: ItemDraft): Promise<Item> {
    const item = this.#itemOf(draft);
    const [answer] = await this.#options.storage.items.insert(user, [item], [this.#vector(item)]);
    if (answer?.inserted === false) throw new DuplicateSourceError(answer.itemId);
    return item;
  }

  /**
   * Creates up to 200 items in one transaction. A draft whose source the user has already is passed over.
   *
   * @throws {InvalidInputError} when there are too many, or one is outside the limits; none is created then.
   */
  async import(user: UserId, drafts: readonly ItemDraft[]): Promise<readonly ItemImport[]> {
    if (drafts.length > limits.maxBatch) throw new InvalidInputError('items', `at most ${limits.maxBatch}`);
    const items = drafts.map((draft) => this.#itemOf(draft));
    const vectors = items.map((item) => this.#vector(item));
    const answers = await this.#options.storage.items.insert(user, items, vectors);
    return items.map((item, index) => {
      const answer = answers[index];
      if (answer?.inserted === false) return { outcome: 'duplicate', itemId: answer.itemId };
      return { outcome: 'created', item };
    });
  }

  /** @throws {ItemNotFoundError} */
  async get(user: UserId, itemId: string): Promise<Item> {
    const item = await this.#options.storage.items.get(user, itemId);
    if (item === undefined) throw new ItemNotFoundError(itemId);
    return item;
  }

  /** Newest first. @throws {InvalidInputError} for a limit out of range or a cursor that is not ours. */
  async list(user: UserId, options: ItemListOptions = {}): Promise<Page<ItemSummary>> {
    const { kind, tag, cursor } = options;
    const limit = checkedLimit(options.limit, 20);
    const after = cursor === undefined ? undefined : itemOfCursor(cursor);
    const found = await this.#options.storage.items.list(user, { kind, tag, after, limit: limit + 1 });
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return found.length > limit && last !== undefined
      ? { items, nextCursor: cursorAfter(last.id) }
      : { items };
  }

  /**
   * Changes the fields that the patch has, if the item is still at the version that the writer saw.
   *
   * @throws {InvalidInputError} {@link ItemNotFoundError} {@link VersionConflictError}
   */
  async update(user: UserId, itemId: string, patch: ItemPatch, expectedVersion: number): Promise<Item> {
    const changes = checkedPatch(patch);
    const before = await this.get(user, itemId);
    if (before.version !== expectedVersion) throw new VersionConflictError(itemId, before.version);
    const updatedAt = this.#options.clock.epoch();
    const item: Item = {
      ...before,
      ...changes,
      source: before.source,
      version: expectedVersion + 1,
      updatedAt,
    };
    const updated = await this.#options.storage.items.update(user, item, expectedVersion, [
      this.#vector(item),
    ]);
    if (updated.outcome === 'missing') throw new ItemNotFoundError(itemId);
    if (updated.outcome === 'conflict') throw new VersionConflictError(itemId, updated.version);
    return item;
  }

  /**
   * Deletes the item and what is known about its use; at any version unless one is given.
   *
   * @throws {ItemNotFoundError} {@link VersionConflictError}
   */
  async delete(user: UserId, itemId: string, expectedVersion?: number): Promise<void> {
    const deleted = await this.#options.storage.items.delete(user, itemId, expectedVersion);
    if (deleted.outcome === 'missing') throw new ItemNotFoundError(itemId);
    if (deleted.outcome === 'conflict') throw new VersionConflictError(itemId, deleted.version);
  }

  #itemOf(draft: ItemDraft): Item {
    const now = this.#options.clock.epoch();
    return {
      id: this.#options.ids.next(),
      ...checkedDraft(draft),
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
  }

  #vector(item: Item): ItemVector {
    const { local } = this.#options;
    return { itemId: item.id, model: local.model, values: local.embedNow(embeddedText(item)) };
  }
}

/** What of an item goes into its vector. */
export const embeddedText = ({ title, body }: Pick<Item, 'title' | 'body'>): string => `${title}\n${body}`;
