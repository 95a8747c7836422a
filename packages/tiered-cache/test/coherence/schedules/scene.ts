import type { Cancel, Clock } from '@holdfast/core';
import { settle } from '@holdfast/core/testing';
import {
  createCache,
  type LoadContext,
  type TieredCache,
  type TieredCacheOptions,
} from '@holdfast/tiered-cache';

import { ScriptedStore } from '../../scripted-store.ts';
import { CoherentMemory } from '../coherent-memory.ts';
import { coherentTier } from '../coherent-memory-store.ts';
import type { Step, Touch, World } from './explorer.ts';
import { changes, reads, Stage } from './stage.ts';
import { SteppedStore } from './stepped-store.ts';

type Action = 'get' | 'read' | 'delete' | 'set' | 'expire' | 'deleteTag' | 'expireTag' | 'clear';

export interface Scope {
  /** Who does what, as in `'A: delete, get | B: get'`: what is in one part one after the other, the parts at any time. */
  readonly script: string;
  /**
   * What is stored before anything happens: nothing, a value in the shared tier, that and in every memory, or in every
   * durable tier alone.
   */
  readonly before: 'cold' | 'warm' | 'held' | 'durable';
  /** Whether keys and log are changed in two steps. */
  readonly split?: boolean;
  /** Whether loads and changes bear versions. */
  readonly versions?: boolean;
  /** Whether each process has a durable tier of its own. */
  readonly durable?: boolean;
  /** Whether a loader returns at once when it has read the truth. */
  readonly quickLoads?: boolean;
  readonly options?: Partial<TieredCacheOptions>;
}

interface Value {
  readonly version: number;
}

interface Process {
  readonly name: string;
  readonly cache: TieredCache<Value>;
  /** The version that its reads may not go below: of what it did or heard of. */
  floor: number;
  /** Versions of its changes that are not in the log yet, in order. */
  readonly untold: number[];
}

const forever = 1e9;

/** Time stands still. Whoever pauses for a moment waits for a turn that makes a difference. */
class FrozenClock implements Clock {
  readonly #onPause: (run: () => void) => void;

  constructor(onPause: (run: () => void) => void) {
    this.#onPause = onPause;
  }

  now(): number {
    return 1_000;
  }

  epoch(): number {
    return 1_000_000_000_000;
  }

  schedule(run: () => void, delayMs: number, options?: { readonly background?: boolean }): Cancel {
    let cancelled = false;
    if (delayMs < 1_000 && options?.background !== true)
      this.#onPause(() => {
        if (!cancelled) run();
      });
    return () => {
      cancelled = true;
    };
  }
}

/**
 * Processes with a cache each, one key, and one truth whose versions only grow. The application changes the truth first
 * and tells the cache afterwards.
 */
export class Scene implements World {
  readonly #scope: Scope;
  readonly #stage = new Stage();
  readonly #server: CoherentMemory;
  readonly #processes = new Map<string, Process>();
  readonly #durable = new Map<string, ScriptedStore>();
  readonly #problems: string[] = [];
  readonly #versions = new Map<number, number>();
  #truth = 1;
  #unsettled = 0;

  private constructor(scope: Scope) {
    this.#scope = scope;
    const clock = new FrozenClock(() => undefined);
    this.#server = new CoherentMemory(clock, { split: scope.split === true });
  }

  /** The scene before anything has happened. */
  static async open(scope: Scope): Promise<Scene> {
    const scene = new Scene(scope);
    const parts = scope.script.split(' | ').map(partOf);
    const names = new Set(parts.map(({ process }) => process));
    if (scope.before === 'durable') await scene.#liveBefore(names);
    for (const name of names) scene.#add(name);
    if (scope.before === 'warm' || scope.before === 'held') await scene.#load(scene.#add('keeper'));
    for (const process of scene.#processes.values()) {
      await scene.#during(process.cache.get('warm', () => ({ version: 0 })));
      if (scope.before === 'held') await scene.#load(process);
    }
    for (const { process, actions } of parts) void scene.#play(process, actions);
    return scene;
  }

  /** The processes have loaded the key in an earlier life, and what they share has lost it since. */
  async #liveBefore(names: ReadonlySet<string>): Promise<void> {
    for (const name of names) {
      const process = this.#add(`${name} before`);
      await this.#load(process);
      await this.#during(process.cache[Symbol.asyncDispose]());
      this.#processes.delete(process.name);
    }
    this.#server.values.clear();
  }

  async #load({ name, cache }: Process): Promise<void> {
    await this.#during(cache.get('key', (context) => this.#read(name, context)));
  }

  steps(): readonly Step[] {
    return this.#stage.steps();
  }

  take(step: Step): Promise<void> {
    return this.#stage.take(step);
  }

  async finish(isComplete: boolean): Promise<readonly string[]> {
    if (!isComplete) this.#problems.length = 0;
    else if (this.#unsettled > 0) this.#problems.push(`${this.#unsettled} are never answered`);
    else await this.#judgeAllAtRest();
    for (const { cache } of this.#processes.values()) void cache[Symbol.asyncDispose]();
    await settle();
    return this.#problems;
  }

  #add(name: string): Process {
    const process: { -readonly [Field in keyof Process]?: Process[Field] } = { name, floor: 0, untold: [] };
    const store = new SteppedStore(this.#server, this.#stage, name, {
      onTold: (count) => {
        const version = process.untold?.shift();
        if (version !== undefined) this.#versions.set(count, version);
      },
      onHeard: (count) => {
        process.floor = Math.max(process.floor ?? 0, this.#versions.get(count) ?? 0);
      },
    });
    const pause = (run: () => void): void => {
      const looks = this.#stage.named(`${name} looks again`);
      void this.#stage.turn(looks, inside(name), () => (store.hasChanged ? 'possible' : 'later')).then(run);
    };
    process.cache = createCache<Value>({
      namespace: 'n',
      ttlMs: forever,
      clock: new FrozenClock(pause),
      random: () => 0.5,
      maxStalenessMs: forever,
      tierTimeoutMs: forever,
      tierSoftTimeoutMs: forever,
      leaseMs: forever,
      leaseWaitMs: forever,
      l2: coherentTier(store),
      l3: this.#durableOf(name),
      ...this.#scope.options,
    });
    const made = process as Process;
    this.#processes.set(name, made);
    return made;
  }

  async #play(name: string, actions: readonly Action[]): Promise<void> {
    const process = this.#processes.get(name);
    if (process === undefined) return;
    this.#unsettled += 1;
    for (const action of actions) await this.#act(process, action);
    this.#unsettled -= 1;
  }

  async #act(process: Process, action: Action): Promise<void> {
    const { name } = process;
    const isRead = action === 'get' || action === 'read';
    const begins = this.#stage.named(`${name} begins to ${action}`);
    await this.#stage.turn(begins, [...inside(name), ...(isRead ? [] : changes('truth'))]);
    try {
      if (action === 'get' || action === 'read') await this.#get(process, action);
      else await this.#change(process, action);
    } catch (error) {
      this.#problems.push(`${name} ${action}: ${String(error)}`);
    }
  }

  async #get({ name, cache, floor }: Process, action: 'get' | 'read'): Promise<void> {
    const loader = action === 'get' ? (context: LoadContext) => this.#read(name, context) : undefined;
    const value = await (loader === undefined ? cache.get('key') : cache.get('key', loader));
    if (value === undefined || value.version >= floor || this.#allowsStale) return;
    this.#problems.push(`${name} read ${value.version} when it knew of ${floor}`);
  }

  async #read(name: string, context: LoadContext): Promise<Value> {
    context.tags('red');
    const load = this.#stage.named(`${name} load`);
    const touches = this.#scope.quickLoads === true ? inside(name) : [];
    await this.#stage.turn(`${load}: reads the truth`, [...reads('truth'), ...touches]);
    const version = this.#truth;
    if (this.#scope.versions === true) context.version(version);
    if (this.#scope.quickLoads !== true) await this.#stage.turn(`${load}: returns`, inside(name));
    return { version };
  }

  async #change(process: Process, action: Exclude<Action, 'get' | 'read'>): Promise<void> {
    this.#truth += 1;
    const version = this.#truth;
    process.floor = version;
    process.untold.push(version);
    const { cache } = process;
    const terms = this.#scope.versions === true ? { version } : {};
    if (action === 'set') await cache.set('key', { version }, { ...terms, tags: ['red'] });
    if (action === 'delete') await cache.delete('key', terms);
    if (action === 'expire') await cache.expire('key');
    if (action === 'deleteTag') await cache.deleteTag('red');
    if (action === 'expireTag') await cache.expireTag('red');
    if (action === 'clear') await cache.clear();
  }

  /** Also whoever comes now, and whoever comes back with its durable tier when the shared one has lost the key. */
  async #judgeAllAtRest(): Promise<void> {
    const names = [...this.#processes.keys()];
    for (const process of this.#processes.values()) await this.#judgeAtRest(process);
    await this.#judgeAtRest(this.#add('newcomer'));
    if (this.#scope.durable !== true) return;
    this.#server.values.clear();
    for (const name of names) await this.#judgeAtRest(this.#add(`${name} again`));
  }

  /** When every process has heard of everything, none holds anything but the truth. */
  async #judgeAtRest({ name, cache }: Process): Promise<void> {
    await this.#stage.drain();
    const held = [cache.peek('key'), await this.#during(cache.get('key'))];
    for (const value of held)
      if (value !== undefined && value.version !== this.#truth)
        this.#problems.push(`at rest ${name} holds ${value.version}, the truth is ${this.#truth}`);
  }

  async #during<T>(work: Promise<T>): Promise<T> {
    await this.#stage.drain();
    return work;
  }

  #durableOf(name: string): ScriptedStore | undefined {
    if (this.#scope.durable !== true) return undefined;
    const owner = name.replace(/ (before|again)$/, '');
    const store = this.#durable.get(owner) ?? new ScriptedStore(this.#server.clock);
    this.#durable.set(owner, store);
    return store;
  }

  get #allowsStale(): boolean {
    return this.#scope.options?.staleWhileRevalidateMs !== undefined;
  }
}

function inside(process: string): readonly Touch[] {
  return changes(`inside ${process}`);
}

function partOf(part: string): { readonly process: string; readonly actions: readonly Action[] } {
  const [process = '', actions = ''] = part.split(': ');
  return { process, actions: actions.split(', ') as Action[] };
}
