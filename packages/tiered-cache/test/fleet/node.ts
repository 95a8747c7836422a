import type {
  EntryView,
  GetOptions,
  StoreOptions,
  TieredCacheEvent,
  TieredCacheStatistics,
  WriteOptions,
  WriteResult,
} from '@holdfast/tiered-cache';

import type { Member } from './member.ts';
import type { Task } from './messages.ts';

/** One cache in one process. */
export class Node {
  readonly member: Member;
  readonly #cache: string;
  readonly #index: number;

  /** @param index - Its place among the processes of its fleet. */
  constructor(member: Member, cache: string, index: number) {
    this.member = member;
    this.#cache = cache;
    this.#index = index;
  }

  /** The value, loaded from the truth if need be. */
  get(key: string, options?: GetOptions): Promise<unknown> {
    return this.#load('get', [key, options]);
  }

  /** The values, loaded from the truth in one go if need be. */
  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    return (await this.#load('getMany', [keys])) as ReadonlyMap<string, unknown>;
  }

  /** What memory answers at once. */
  peek(key: string): Promise<unknown> {
    return this.call('peek', [key]);
  }

  async entry(key: string): Promise<EntryView<unknown> | undefined> {
    return (await this.call('entry', [key])) as EntryView<unknown> | undefined;
  }

  async set(key: string, value: unknown, options?: StoreOptions): Promise<WriteResult> {
    return (await this.call('set', [key, value, options])) as WriteResult;
  }

  async delete(key: string, options?: WriteOptions): Promise<WriteResult> {
    return (await this.call('delete', [key, options])) as WriteResult;
  }

  async deleteTag(tag: string): Promise<WriteResult> {
    return (await this.call('deleteTag', [tag])) as WriteResult;
  }

  async clear(): Promise<WriteResult> {
    return (await this.call('clear', [])) as WriteResult;
  }

  async statistics(): Promise<TieredCacheStatistics> {
    return (await this.call('statistics', [])) as TieredCacheStatistics;
  }

  call(method: string, args: readonly unknown[]): Promise<unknown> {
    return this.ask({ do: 'call', method, args });
  }

  /** What so many callers get who ask at once. */
  async crowd(key: string, callers: number): Promise<readonly unknown[]> {
    return (await this.ask({ do: 'crowd', key, callers })) as readonly unknown[];
  }

  /** What was not answered within the limit, or rejected, of so many rounds of every operation on keys of its own. */
  async late(rounds: number, limitMs: number): Promise<readonly string[]> {
    return (await this.ask({ do: 'hurry', who: this.#index, rounds, limitMs })) as readonly string[];
  }

  async events(): Promise<readonly (TieredCacheEvent | string)[]> {
    return (await this.ask({ do: 'listen' })) as readonly (TieredCacheEvent | string)[];
  }

  ask(task: Task): Promise<unknown> {
    return this.member.ask(this.#cache, task);
  }

  #load(method: string, args: readonly unknown[]): Promise<unknown> {
    return this.ask({ do: 'call', method, args, loads: true });
  }
}
