import {
  type Proxy,
  type RedisCluster,
  type RedisServer,
  type Scope,
  startProxy,
} from '@holdfast/test-support';
import { Redis } from 'ioredis';

import type { Address, ClientKind, Wiring } from './messages.ts';

/** What a client sends on the connection that it reads the log on, and nowhere else. */
export const onLog: Scope = { sent: 'XREAD' };

const nameOf = ({ host, port }: Address): string => `${host}:${port}`;

/** One Redis or a Cluster, and the ways to it. */
export class Site implements AsyncDisposable {
  readonly #nodes: readonly RedisServer[];
  readonly #layout: Wiring['layout'];
  #admins: readonly Redis[] = [];

  private constructor(nodes: readonly RedisServer[], layout: Wiring['layout']) {
    this.#nodes = nodes;
    this.#layout = layout;
  }

  static alone(server: RedisServer): Site {
    return new Site([server], 'alone');
  }

  static cluster({ nodes }: RedisCluster): Site {
    return new Site(nodes, 'cluster');
  }

  /** A connection of the test's own to each node. */
  get admins(): readonly Redis[] {
    if (this.#admins.length === 0) {
      // It talks to a server that loads its data, too.
      this.#admins = this.#nodes.map(({ port, host }) => new Redis(port, host, { enableReadyCheck: false }));
      for (const admin of this.#admins) admin.on('error', () => undefined);
    }
    return this.#admins;
  }

  /** The first node's. */
  get admin(): Redis {
    const [admin] = this.admins;
    if (admin === undefined) throw new Error('a site has at least one node');
    return admin;
  }

  get addresses(): readonly Address[] {
    return this.#nodes.map(({ host, port }) => ({ host, port }));
  }

  /** How often the nodes have been sent a command since they started. */
  async calls(command: string): Promise<number> {
    const told = await Promise.all(this.admins.map((admin) => admin.info('commandstats')));
    const counts = told.map((text) => new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
    return counts.reduce<number>((sum, count) => sum + Number(count), 0);
  }

  direct(client: ClientKind): Wiring {
    return { client, layout: this.#layout, addresses: this.addresses };
  }

  /** A way with faults. */
  async detour(): Promise<Detour> {
    return new Detour(this.#layout, this.#nodes, await Promise.all(this.#nodes.map(startProxy)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const admin of this.#admins) admin.disconnect();
  }
}

/** The way to a site by proxies, one before each node. */
export class Detour implements AsyncDisposable {
  readonly #layout: Wiring['layout'];
  readonly #nodes: readonly RedisServer[];
  readonly #proxies: readonly Proxy[];

  constructor(layout: Wiring['layout'], nodes: readonly RedisServer[], proxies: readonly Proxy[]) {
    this.#layout = layout;
    this.#nodes = nodes;
    this.#proxies = proxies;
  }

  wiring(client: ClientKind): Wiring {
    const addresses = this.#proxies.map(({ host, port }) => ({ host, port }));
    const detours = this.#nodes.map((node, index) => [nameOf(node), addresses[index]] as const);
    return {
      client,
      layout: this.#layout,
      addresses,
      detours: Object.fromEntries(detours) as Record<string, Address>,
    };
  }

  hold(scope?: Scope): void {
    for (const proxy of this.#proxies) proxy.hold(scope);
  }

  blackhole(scope?: Scope): void {
    for (const proxy of this.#proxies) proxy.blackhole(scope);
  }

  delay(ms: number): void {
    for (const proxy of this.#proxies) proxy.delay(ms);
  }

  /** How many answers are kept back. */
  held(scope?: Scope): number {
    return this.#proxies.reduce((sum, proxy) => sum + proxy.held(scope), 0);
  }

  /** By node, how often its clients have begun to ask after they had been answered. */
  exchanges(scope?: Scope): readonly number[] {
    return this.#proxies.map((proxy) => proxy.exchanges(scope));
  }

  async cut(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.cut()));
  }

  async heal(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.heal()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
  }
}
