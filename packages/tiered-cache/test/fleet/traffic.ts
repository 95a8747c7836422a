import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { until } from '@holdfast/test-support';

import type { Address } from './messages.ts';
import type { Detour, Site } from './site.ts';

interface Entry {
  /** In seconds, by the server's clock. */
  readonly time: number;
  readonly command: string;
  readonly first: string;
  /** Address of the client; `lua` for what a script has called. */
  readonly source: string;
}

export interface Counted {
  /** Names of the commands that clients have sent, in their order; those that read the log left out. */
  readonly commands: readonly string[];
  /** How often the client has waited for a server before it went on, if it sends one command at a time. */
  readonly roundTrips: number;
}

/** `+<time> [<database> <source>] "<command>" "<first argument>" …` */
const told = /^\+([\d.]+) \[\d+ ([^\]]+)\] "([^"]*)"(?: "((?:[^"\\]|\\.)*)")?/;

/** What a client sends of its own accord when it connects. */
const greetings = new Set(['hello', 'client', 'info', 'cluster', 'echo']);

/** What a value's connection sends and the log's does not. */
const onValues = { sent: 'shop:v:' };

/** What clients send to a site: told by the servers, which see what comes together as well as what comes one by one. */
export class Traffic implements AsyncDisposable {
  readonly #site: Site;
  readonly #monitors: readonly Socket[];
  readonly #entries: Entry[] = [];
  #marks = 0;

  private constructor(site: Site, monitors: readonly Socket[]) {
    this.#site = site;
    this.#monitors = monitors;
    for (const monitor of monitors) createInterface(monitor).on('line', (line) => this.#hear(line));
  }

  /** @param caches - How many of them are in use, and so read the log. */
  static async watch(site: Site, caches: number): Promise<Traffic> {
    const traffic = new Traffic(site, await Promise.all(site.addresses.map(monitoring)));
    await until('it is known who reads the log', () => traffic.readers.size === caches);
    return traffic;
  }

  /** Addresses of the connections that the log has been read on. */
  get readers(): ReadonlySet<string> {
    const reading = this.#entries.filter(({ command }) => command === 'xread');
    return new Set(reading.map(({ source }) => source));
  }

  /** What `work` makes the clients on a detour send. */
  async during(detour: Detour, work: () => Promise<unknown>): Promise<Counted> {
    const start = await this.now();
    const before = detour.exchanges(onValues);
    await work();
    const after = detour.exchanges(onValues);
    await this.now();
    return {
      commands: this.#since(start).map(({ command }) => command),
      roundTrips: Math.max(...after.map((count, node) => count - (before[node] ?? 0))),
    };
  }

  /** Where everything ends that the servers have been sent up to now. */
  async now(): Promise<number> {
    const mark = `mark ${(this.#marks += 1)}`;
    await Promise.all(this.#site.admins.map((admin) => admin.echo(mark)));
    await until('the servers have told', () => {
      const marks = this.#entries.filter(({ command, first }) => command === 'echo' && first === mark);
      return marks.length === this.#monitors.length;
    });
    return this.#entries.length;
  }

  /** Waits until clients have sent a command so many times since then. */
  async untilSent(start: number, command: string, calls: number): Promise<void> {
    await until(`${command} has been sent ${calls} times`, () => {
      return this.#since(start).filter((entry) => entry.command === command).length === calls;
    });
  }

  /** Commands a second, from all clients, while so many readings of the log begin. */
  async rate(readings: number): Promise<number> {
    const start = this.#entries.length;
    const sent = (): readonly Entry[] => this.#entries.slice(start).filter(({ source }) => source !== 'lua');
    const begun = (): readonly Entry[] => sent().filter(({ command }) => command === 'xread');
    await until('the log has been read often enough', () => begun().length > readings);
    const [first, last] = [begun()[0]?.time ?? 0, begun()[readings]?.time ?? 0];
    const between = sent().filter(({ time }) => time >= first && time < last);
    return between.length / (last - first);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#monitors) socket.destroy();
  }

  #hear(line: string): void {
    const [, time, source, command, first = ''] = told.exec(line) ?? [];
    if (source === undefined || command === undefined) return;
    this.#entries.push({ time: Number(time), source, command: command.toLowerCase(), first });
  }

  /** What clients have sent of their own accord left out, and what reads the log. */
  #since(start: number): readonly Entry[] {
    const { readers } = this;
    return this.#entries
      .slice(start)
      .filter(({ source, command }) => !greetings.has(command) && source !== 'lua' && !readers.has(source));
  }
}

async function monitoring({ host, port }: Address): Promise<Socket> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  socket.write('MONITOR\r\n');
  return socket;
}
