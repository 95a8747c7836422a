import { ManualClock } from '@holdfast/core/testing';
import { createCache, type TieredCache } from '@holdfast/tiered-cache';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type Fate, ScriptedStore } from './scripted-store.ts';

/** What a loader brings: which version of the truth it has read, and when it had it. */
interface Loaded {
  readonly version: number;
  readonly at: number;
}

const fate = fc.record({
  delayMs: fc.constantFrom(0, 0, 1, 5, 20, 60),
  fails: fc.constantFrom(undefined, undefined, undefined, 'before' as const, 'after' as const),
});
const step = fc.record({
  do: fc.constantFrom('get', 'get', 'get', 'readMany', 'delete', 'set', 'clear'),
  afterMs: fc.constantFrom(0, 0, 1, 3, 10, 40),
  loadMs: fc.constantFrom(0, 1, 5, 30),
  loadFails: fc.constantFrom(false, false, false, true),
});
const bounds = { ttlMs: 30, staleWhileRevalidateMs: 15, staleIfErrorMs: 25 };

/** One process, one key, a source whose versions only grow, and tiers that dawdle and fail. */
class Race {
  readonly clock = new ManualClock();
  readonly cache: TieredCache;
  readonly problems: string[] = [];
  #truth = 1;
  /** The version that no read which starts now may go below. */
  #floor = 1;
  #epoch = 0;
  readonly #loading = new Map<number, number>();
  readonly #reads: Promise<void>[] = [];

  constructor(l1: false | undefined, fates: readonly Fate[]) {
    let next = 0;
    const store = (): ScriptedStore => {
      const made = new ScriptedStore(this.clock);
      made.fate = () => fates[next++ % fates.length] ?? {};
      return made;
    };
    this.cache = createCache({
      namespace: 'n',
      clock: this.clock,
      l1,
      l2: store(),
      l3: store(),
      tierTimeoutMs: 25,
      loadRetryMs: 5,
      ...bounds,
    });
  }

  async run(
    steps: readonly (typeof step extends fc.Arbitrary<infer Step> ? Step : never)[],
  ): Promise<string[]> {
    for (const { do: what, afterMs, loadMs, loadFails } of steps) {
      await this.clock.advance(afterMs);
      if (what === 'get') this.#read(() => this.cache.get('key', () => this.#load(loadMs, loadFails)));
      else if (what === 'readMany')
        this.#read(async () => (await this.cache.getMany<Loaded>(['key', 'other'])).get('key'));
      else this.#invalidate(what);
    }
    await this.clock.advance(1_000);
    await Promise.all(this.#reads);
    const disposed = this.cache[Symbol.asyncDispose]();
    await this.clock.advance(1_000);
    await disposed;
    if (this.clock.pending() > 0) this.problems.push('a timer is left');
    return this.problems;
  }

  #read(read: () => Promise<Loaded | undefined>): void {
    const floor = this.#floor;
    const judge = (loaded: Loaded | undefined): void => {
      if (loaded === undefined) return;
      if (loaded.version < floor) this.problems.push(`got ${loaded.version} after ${floor} was invalidated`);
      const ageMs = this.clock.now() - loaded.at;
      if (ageMs >= bounds.ttlMs + bounds.staleIfErrorMs) this.problems.push(`got a value ${ageMs} ms old`);
    };
    const refuse = (error: unknown): void => {
      if (String(error) !== 'Error: source down') this.problems.push(String(error));
    };
    this.#reads.push(read().then(judge, refuse));
  }

  async #load(loadMs: number, fails: boolean): Promise<Loaded> {
    const version = this.#truth;
    const epoch = this.#epoch;
    const running = (this.#loading.get(epoch) ?? 0) + 1;
    this.#loading.set(epoch, running);
    if (running > 1) this.problems.push('two loads at once');
    await new Promise<void>((resolve) => void this.clock.schedule(resolve, loadMs));
    this.#loading.set(epoch, running - 1);
    if (fails) throw new Error('source down');
    return { version, at: this.clock.now() };
  }

  #invalidate(what: string): void {
    this.#truth += 1;
    this.#floor = this.#truth;
    this.#epoch += 1;
    const value = { version: this.#truth, at: this.clock.now() };
    const done =
      what === 'set' ? this.cache.set('key', value) : this.cache[what as 'delete' | 'clear']('key');
    this.#reads.push(
      done.then(
        () => undefined,
        (error: unknown) => void this.problems.push(String(error)),
      ),
    );
  }
}

describe('TieredCache in a race', () => {
  it.each([
    ['with memory', undefined],
    ['without memory', false],
  ] as const)(
    'never gives out what was invalidated before the read, nor anything too old, nor loads twice at once: %s',
    async (_what, l1) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fate, { minLength: 1, maxLength: 20 }),
          fc.array(step, { maxLength: 25 }),
          async (fates, steps) => {
            expect(await new Race(l1, fates).run(steps)).toEqual([]);
          },
        ),
        { numRuns: 400 },
      );
    },
  );
});
