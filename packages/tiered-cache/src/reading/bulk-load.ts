import { InvalidOptionError } from '@holdfast/core';

import type { BulkLoadContext, BulkLoader, LoadContext } from '../loader.ts';

/**
 * Gathers the loads of many keys into one call of a bulk loader. Each key either comes to be loaded here, or is known not
 * to: it was found after all, or another process loads it. When all are accounted for, those that came are loaded at once;
 * who comes later, having waited for that other process, is loaded alone.
 */
export class BulkLoad<T> {
  readonly #load: BulkLoader<T>;
  readonly #pending: Set<string>;
  readonly #gathered = new Map<string, LoadContext>();
  readonly #values = Promise.withResolvers<ReadonlyMap<string, T>>();
  /** Called when the wait of one key for the others is over. */
  readonly #onBegin = new Map<string, () => void>();
  #sent = false;

  constructor(keys: readonly string[], load: BulkLoader<T>) {
    this.#pending = new Set(keys);
    this.#load = load;
    // Everybody who waits hears of a failure by itself.
    this.#values.promise.catch(() => undefined);
  }

  /** The loader of one of the keys. @param onBegin - Called when it has waited long enough for the others. */
  async load(context: LoadContext, onBegin: () => void): Promise<T | undefined> {
    const { key } = context;
    if (this.#sent) return (await this.#call(new Map([[key, context]]))).get(key);
    this.#gathered.set(key, context);
    this.#onBegin.set(key, onBegin);
    this.leave(key);
    return (await this.#values.promise).get(key);
  }

  /** This key is accounted for. */
  leave(key: string): void {
    this.#pending.delete(key);
    if (this.#pending.size > 0 || this.#sent) return;
    this.#sent = true;
    for (const begin of this.#onBegin.values()) begin();
    if (this.#gathered.size > 0) this.#call(this.#gathered).then(this.#values.resolve, this.#values.reject);
  }

  async #call(contexts: ReadonlyMap<string, LoadContext>): Promise<ReadonlyMap<string, T>> {
    const [first] = contexts.values();
    if (first === undefined) return new Map();
    return this.#load([...contexts.keys()], new BulkRun(contexts, first));
  }
}

/** What one call of a bulk loader is told. */
class BulkRun implements BulkLoadContext {
  readonly #contexts: ReadonlyMap<string, LoadContext>;
  readonly #first: LoadContext;
  #signal: AbortSignal | undefined;

  constructor(contexts: ReadonlyMap<string, LoadContext>, first: LoadContext) {
    this.#contexts = contexts;
    this.#first = first;
  }

  get signal(): AbortSignal {
    return (this.#signal ??= whenAllAbort([...this.#contexts.values()].map(({ signal }) => signal)));
  }

  get attempt(): number {
    return this.#first.attempt;
  }

  remainingMs(): number {
    return this.#first.remainingMs();
  }

  of(key: string): LoadContext {
    const context = this.#contexts.get(key);
    if (context === undefined) throw new InvalidOptionError('key', 'one of those to be loaded', key);
    return context;
  }
}

/** A key that nobody waits for any longer does not call off the others. */
function whenAllAbort(signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  let waited = signals.length;
  for (const signal of signals) {
    const leave = (): void => {
      waited -= 1;
      if (waited === 0) controller.abort(signal.reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }
  return controller.signal;
}
