import { type Child, startChild, until } from '@holdfast/test-support';

import type { Answer, LoadAnswer, LoadedValue, LoadRequest, Task } from './messages.ts';
import type { Truth } from './truth.ts';

type Told = Answer | LoadRequest;
type Waiting = PromiseWithResolvers<unknown>;

/** A process of the fleet. */
export class Member {
  readonly #child: Child;
  readonly #truths: ReadonlyMap<string, Truth>;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #runs = true;

  constructor(truths: ReadonlyMap<string, Truth>) {
    this.#truths = truths;
    this.#child = startChild(new URL('children/member.ts', import.meta.url));
    this.#child.onMessage((message) => this.#hear(message as Told));
  }

  /** Until it is killed. */
  get runs(): boolean {
    return this.#runs;
  }

  async ready(): Promise<void> {
    await this.#child.said('ready');
  }

  ask(cache: string, task: Task): Promise<unknown> {
    const id = (this.#last += 1);
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#child.send({ id, cache, task });
    return waiting.promise;
  }

  /** Ends it as a crash would. */
  kill(): Promise<void> {
    this.#runs = false;
    return this.#child.kill();
  }

  /** Disposes its caches and waits for its end. @throws When something was rejected and not handled, or keeps it alive. */
  async leave(): Promise<void> {
    await this.ask('', { do: 'leave' });
    let ended = false;
    const end = this.#child.ended().then(() => (ended = true));
    await Promise.race([end, until('the process ends by itself', () => ended)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  #hear(message: Told): void {
    if ('load' in message) return void this.#load(message);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('error' in message) waiting?.reject(Object.assign(new Error(message.error.message), message.error));
    else waiting?.resolve(message.value);
  }

  async #load({ load, cache, keys }: LoadRequest): Promise<void> {
    const truth = this.#truths.get(cache);
    const entries = keys.map(async (key): Promise<[string, LoadedValue]> => {
      return [key, { value: await truth?.load(key), tags: truth?.tagsOf(key) ?? [] }];
    });
    const values = new Map(await Promise.all(entries));
    this.#child.send({ loaded: load, values } satisfies LoadAnswer);
  }
}
