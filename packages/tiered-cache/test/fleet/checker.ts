import type { Opened } from './fleet.ts';
import type { Node } from './node.ts';
import type { Truth } from './truth.ts';

/** For how long a busy machine may hold a process up: the clock for hits is looked at once its event loop turns again. */
const slackMs = 500;

interface Acknowledged {
  readonly version: number;
  readonly at: number;
}

/** The oldest version that may be answered, and because of what. */
interface Bound {
  readonly version: number;
  readonly because: string;
}

/**
 * Changes the truth and the caches that stand for it, and compares every answer with what it must not be older than:
 * - on the process that has made a change, that change;
 * - on any process, what was acknowledged more than `maxStalenessMs` before it was asked.
 */
export class Checker {
  readonly problems: string[] = [];
  reads = 0;
  readonly #nodes: readonly Node[];
  readonly #truth: Truth;
  readonly #maxStalenessMs: number;
  /** By process and key. */
  readonly #own = new Map<string, number>();
  readonly #acknowledged = new Map<string, Acknowledged[]>();

  constructor({ nodes, truth }: Opened, maxStalenessMs: number) {
    this.#nodes = nodes;
    this.#truth = truth;
    truth.tagsOf = (key) => [tagOf(key)];
    this.#maxStalenessMs = maxStalenessMs;
  }

  async read(index: number, key: string): Promise<void> {
    const bound = this.#bound(index, key);
    this.#judge(index, key, await this.#node(index).get(key), bound);
  }

  async readMany(index: number, keys: readonly string[]): Promise<void> {
    const bounds = keys.map((key) => [key, this.#bound(index, key)] as const);
    const answers = await this.#node(index).getMany(keys);
    for (const [key, bound] of bounds) this.#judge(index, key, answers.get(key), bound);
  }

  /** Tells one process by key or by tag, and then another one of the position of the change. */
  async change(index: number, key: string, by: 'key' | 'tag'): Promise<void> {
    const version = this.#truth.change(key);
    this.#own.set(`${index} ${key}`, version);
    const node = this.#node(index);
    const { l2, position } = await (by === 'key' ? node.delete(key) : node.deleteTag(tagOf(key)));
    if (l2 !== 'applied') return;
    this.#acknowledged.set(key, [...(this.#acknowledged.get(key) ?? []), { version, at: performance.now() }]);
    const other = (index + 1) % this.#nodes.length;
    const answer = await this.#node(other).get(key, { after: position });
    this.#judge(other, key, answer, { version, because: 'it was told of the position' });
  }

  /** Whether every process has the newest version of every key. */
  async agrees(keys: readonly string[]): Promise<boolean> {
    const answers = await Promise.all(this.#nodes.map((node) => node.getMany(keys)));
    return answers.every((answer) => keys.every((key) => answer.get(key) === this.#truth.version(key)));
  }

  #bound(index: number, key: string): Bound {
    const longAgo = performance.now() - this.#maxStalenessMs - slackMs;
    const own = this.#own.get(`${index} ${key}`) ?? 0;
    const old = (this.#acknowledged.get(key) ?? []).filter(({ at }) => at < longAgo);
    const known = Math.max(0, ...old.map(({ version }) => version));
    return own > known
      ? { version: own, because: 'it made the change' }
      : { version: known, because: 'that was acknowledged long ago' };
  }

  #judge(index: number, key: string, answer: unknown, { version, because }: Bound): void {
    this.reads += 1;
    if (typeof answer === 'number' && answer >= version) return;
    this.problems.push(`process ${index} got ${String(answer)} for ${key}, not ${version}: ${because}`);
  }

  #node(index: number): Node {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`no process ${index}`);
    return node;
  }
}

function tagOf(key: string): string {
  return `tag of ${key}`;
}
