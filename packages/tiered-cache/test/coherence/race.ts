import { CacheDisposedError, type LoadContext, type TieredCacheOptions } from '@holdfast/tiered-cache';

import { ScriptedStore } from '../scripted-store.ts';
import type { Fate } from './coherent-memory-store.ts';
import { hanging, Fleet, maxStalenessMs, type Node, working } from './fleet.ts';
import { type Loss, lose } from './losses.ts';

type Change = 'delete' | 'set' | 'expire' | 'deleteTag' | 'expireTag' | 'clear';

/** What one process does, what becomes of it, or what the server loses. */
export type Action = 'get' | 'read' | 'readMany' | Change | 'restart' | 'die' | Loss;

/** What happens some time after the step before. */
export interface Step {
  readonly node: number;
  readonly do: Action;
  readonly afterMs: number;
  readonly loadMs: number;
}

export interface RaceSetup {
  readonly size: number;
  readonly options?: Partial<TieredCacheOptions>;
  /** What happens to operations on the server, one after the other. */
  readonly fates?: readonly Fate[];
  /** Whether keys and log are changed in two steps. */
  readonly split?: boolean;
  /** Whether processes have a durable tier, and whose; `'nearer'` for one that all share, before the server. */
  readonly durable?: 'own' | 'shared' | 'nearer' | undefined;
  /** By process: how far its wall clock is ahead, in milliseconds. */
  readonly skewsMs?: readonly number[];
}

interface Value {
  readonly version: number;
}

/** How far a reading of the coarse clock may lag, in milliseconds, and the step of the clock. */
const slackMs = 2;

/**
 * One key, one truth whose versions only grow, and processes that read and change it over ways that are slow and lossy.
 * The application changes the truth first and tells the cache afterwards. `problems` says what must never happen.
 */
export class Race {
  readonly fleet: Fleet;
  readonly problems: string[] = [];
  readonly #setup: RaceSetup;
  #truth = 1;
  /** By process: the version that its reads may not go below. */
  readonly #floors: number[] = [];
  /** Versions that every process has to know of, and from when on. */
  readonly #acknowledged: { readonly version: number; readonly at: number }[] = [];
  readonly #running: Promise<unknown>[] = [];
  /** Changes that no tier has taken yet, by whom. They are lost with their process. */
  readonly #owed = new Map<number, Node>();
  #lost: number[] = [];
  readonly #durable: ScriptedStore[] = [];
  readonly #dead: Node[] = [];
  /** By process: its end. */
  readonly #ends: PromiseWithResolvers<void>[] = [];
  #nextFate = 0;

  constructor(setup: RaceSetup) {
    this.#setup = setup;
    this.fleet = new Fleet(0, setup.options, setup);
  }

  async run(steps: readonly Step[]): Promise<readonly string[]> {
    const { clock, nodes } = this.fleet;
    for (let index = 0; index < this.#setup.size; index += 1) await this.#begin(index);
    for (const step of steps) {
      await clock.advance(step.afterMs);
      await this.#do(step);
    }
    await clock.advance(2_000);
    for (const { store } of nodes) store.fate = working;
    for (const store of this.#durable) store.fate = () => ({});
    await clock.advance(20_000);
    await Promise.all(this.#running);
    await this.#judgeAtRest();
    for (const { cache } of this.#dead) void cache[Symbol.asyncDispose]();
    await this.fleet[Symbol.asyncDispose]();
    if (clock.pending() > 0) this.problems.push(`${clock.pending()} timers are left`);
    return this.problems;
  }

  /** Before first contact nobody can tell a `set` that a `clear` elsewhere has overtaken from one that came after it. */
  async #begin(index: number): Promise<void> {
    const node = this.#start(index);
    await this.fleet.during(node.cache.get('warm', () => 1));
    this.#disturb(node);
  }

  #start(index: number): Node {
    const { durable, skewsMs } = this.#setup;
    const owner = durable === 'own' ? index : 0;
    if (durable !== undefined) this.#durable[owner] ??= new ScriptedStore(this.fleet.clock);
    const clock = this.fleet.skewed(skewsMs?.[index] ?? 0);
    const store = this.#durable[owner];
    const node =
      durable === 'nearer' ? this.fleet.make({ clock }, store) : this.fleet.make({ clock, l3: store });
    this.fleet.nodes[index] = node;
    this.#ends[index]?.resolve();
    this.#ends[index] = Promise.withResolvers();
    this.#floors[index] = 0;
    return node;
  }

  #disturb({ store }: Node): void {
    store.fate = () => this.#fate();
    for (const durable of this.#durable)
      durable.fate = () => {
        const { requestMs: delayMs, fails } = this.#fate();
        return fails === 'between' ? { delayMs } : { delayMs, fails };
      };
  }

  #fate(): Fate {
    const { fates = [] } = this.#setup;
    this.#nextFate += 1;
    return fates[this.#nextFate % fates.length] ?? {};
  }

  async #do({ node: index, do: action, loadMs }: Step): Promise<void> {
    const { nodes, server } = this.fleet;
    const at = index % nodes.length;
    const node = nodes[at];
    if (node === undefined) return;
    const { cache } = node;
    if (action === 'get')
      this.#read(at, () => cache.get<Value>('key', (context) => this.#load(loadMs, context)));
    else if (action === 'read') this.#read(at, () => cache.get<Value>('key'));
    else if (action === 'readMany')
      this.#read(at, async () => (await cache.getMany<Value>(['other', 'key'])).get('key'));
    else if (action === 'restart') await this.#restart(node, at);
    else if (action === 'die') await this.#die(node, at);
    else if (isChange(action)) this.#change(node, at, action);
    else lose(server, action);
  }

  async #restart(node: Node, index: number): Promise<void> {
    const { cache } = node;
    await this.fleet.during(cache[Symbol.asyncDispose]());
    this.#lose(node);
    await this.#begin(index);
  }

  /** Nobody hears of the process again, and another one takes its place. What it has asked for may still arrive. */
  async #die(node: Node, index: number): Promise<void> {
    node.store.fate = hanging;
    this.#dead.push(node);
    this.#lose(node);
    await this.#begin(index);
  }

  #lose(process: Node): void {
    for (const [version, owner] of this.#owed) if (owner === process) this.#lost.push(version);
  }

  #read(index: number, read: () => Promise<Value | undefined>): void {
    const startedAt = this.fleet.clock.now();
    const own = this.#floors[index] ?? 0;
    const known = this.#acknowledged.filter(({ at }) => at + maxStalenessMs + slackMs < startedAt);
    const floor = Math.max(own, ...known.map(({ version }) => version));
    const judge = (value: Value | undefined): void => {
      if (value !== undefined && value.version < floor)
        this.problems.push(`process ${index} read at ${startedAt} ${value.version}, not ${floor} or newer`);
    };
    // Of a process that has ended nobody waits for an answer.
    const end = this.#ends[index]?.promise;
    const refuse = (error: unknown): void => {
      if (!(error instanceof CacheDisposedError)) this.problems.push(String(error));
    };
    this.#running.push(Promise.race([read().then(judge, refuse), end]));
  }

  async #load(loadMs: number, context: LoadContext): Promise<Value> {
    const version = this.#truth;
    context.tags('red');
    context.version(version);
    if (loadMs > 0) await new Promise<void>((resolve) => void this.fleet.clock.schedule(resolve, loadMs));
    return { version };
  }

  #change(node: Node, index: number, action: Change): void {
    const { cache } = node;
    const { clock } = this.fleet;
    this.#truth += 1;
    const version = this.#truth;
    this.#owed.set(version, node);
    const changing = {
      delete: () => cache.delete('key', { version }),
      set: () => cache.set('key', { version }, { version, tags: ['red'] }),
      expire: () => cache.expire('key'),
      deleteTag: () => cache.deleteTag('red'),
      expireTag: () => cache.expireTag('red'),
      clear: () => cache.clear(),
    };
    const changed = async (): Promise<void> => {
      const { l2, l3 } = await changing[action]();
      const outcome = this.#setup.durable === 'nearer' ? l3 : l2;
      if (outcome !== 'queued') this.#owed.delete(version);
      if (outcome === 'applied' && this.#forbids(action))
        this.#acknowledged.push({ version, at: clock.now() });
    };
    if (this.#forbids(action)) this.#floors[index] = version;
    const refuse = (error: unknown): void => void this.problems.push(String(error));
    this.#running.push(Promise.race([changed().catch(refuse), this.#ends[index]?.promise]));
  }

  /** Whether what was there before must not be given out any more, also not as stale. */
  #forbids(action: Change): boolean {
    const { staleWhileRevalidateMs, staleIfErrorMs } = this.#setup.options ?? {};
    const isStaleAllowed = staleWhileRevalidateMs !== undefined || staleIfErrorMs !== undefined;
    return (action !== 'expire' && action !== 'expireTag') || !isStaleAllowed;
  }

  /** When every process has heard of everything, none holds anything but the truth, or what nobody could hear more of. */
  async #judgeAtRest(): Promise<void> {
    let floor = this.#truth;
    while (this.#lost.includes(floor)) floor -= 1;
    for (const [index, { cache }] of this.fleet.nodes.entries()) {
      const found = await this.fleet.during(cache.get<Value>('key'));
      if (found !== undefined && found.version < floor)
        this.problems.push(`at rest process ${index} holds ${found.version}, the truth is ${this.#truth}`);
    }
  }
}

function isChange(action: Action): action is Change {
  return ['delete', 'set', 'expire', 'deleteTag', 'expireTag', 'clear'].includes(action);
}
