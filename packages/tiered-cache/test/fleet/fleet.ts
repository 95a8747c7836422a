import { randomUUID } from 'node:crypto';

import { Member } from './member.ts';
import type { OpenOptions, Wiring } from './messages.ts';
import { Node } from './node.ts';
import { Truth } from './truth.ts';

/** One cache in each process of a fleet, all of one namespace. */
export class Opened implements AsyncDisposable {
  readonly nodes: readonly [Node, Node, Node, ...Node[]];
  readonly truth: Truth;
  /** What every key of theirs begins with on the server. */
  readonly prefix: string;

  constructor(nodes: readonly Node[], truth: Truth, prefix: string) {
    this.nodes = nodes as unknown as Opened['nodes'];
    this.truth = truth;
    this.prefix = prefix;
  }

  /** Closes those of processes that still run. */
  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.nodes.filter(({ member }) => member.runs);
    await Promise.all(running.map((node) => node.ask({ do: 'close' })));
  }
}

/** Processes that share a Redis. */
export class Fleet implements AsyncDisposable {
  readonly #truths = new Map<string, Truth>();
  readonly #size: number;
  #members: Member[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Starts as many processes as are missing. */
  async start(): Promise<void> {
    this.#members = this.#members.filter(({ runs }) => runs);
    while (this.#members.length < this.#size) this.#members.push(new Member(this.#truths));
    await Promise.all(this.#members.map((member) => member.ready()));
  }

  /**
   * Opens a cache in each process: the first ones as wired, the rest as the last of them. Unless `tierTimeoutMs` is given
   * they wait long for Redis, so that a busy machine does not look like an outage.
   */
  async open(wirings: Wiring | readonly Wiring[], options: OpenOptions = {}): Promise<Opened> {
    await this.start();
    const prefix = `fleet-${randomUUID()}`;
    const truth = new Truth();
    this.#truths.set(prefix, truth);
    const nodes = this.#members.map((member, index) => new Node(member, prefix, index));
    const all = [wirings].flat();
    const openings = nodes.map((node, index) => {
      const wiring = (all[index] ?? all.at(-1)) as Wiring;
      return node.ask({ do: 'open', wiring, options: patient(options) });
    });
    await Promise.all(openings);
    return new Opened(nodes, truth, prefix);
  }

  /** Lets every process end by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    const members = this.#members.filter(({ runs }) => runs);
    this.#members = [];
    try {
      await Promise.all(members.map((member) => member.leave()));
    } finally {
      await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
    }
  }
}

function patient(options: OpenOptions): OpenOptions {
  if (options.tierTimeoutMs !== undefined) return options;
  return { ...options, tierTimeoutMs: 10_000, redis: { logTimeoutMs: 10_000, ...options.redis } };
}
