// How often is the server asked about a limit that 8 processes share, and what does it cost in refusals, with leases and without?
import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { type RedisClient, RedisStore, type RedisStoreOptions } from '@holdfast/rate-limiter/redis';
import { startRedis } from '@holdfast/test-support';
import { Redis } from 'ioredis';

import { type Lines, study } from '../harness/question.ts';
import { randomOf } from '../harness/zipf.ts';

const processes = 8;
const windowMs = 60_000;
const leases: Readonly<Record<string, RedisStoreOptions['leases']>> = {
  none: undefined,
  'of 2 s': { ttlMs: 2_000 },
};

/** Calls of all processes and the limit, per minute; at random instants, by a clock that does not wait. */
const loads = [
  { offered: 900, limit: 1_000, minutes: 10 },
  { offered: 6_000, limit: 1_000, minutes: 10 },
  { offered: 9_000, limit: 10_000, minutes: 5 },
  { offered: 90_000, limit: 100_000, minutes: 2 },
  { offered: 200_000, limit: 100_000, minutes: 2 },
] as const;
type Load = (typeof loads)[number];

const columns: Lines['columns'] = [
  { title: 'offered and limit per minute', align: 'left' },
  { title: 'leases', align: 'left' },
  { title: 'commands per call', align: 'right' },
  { title: 'calls that waited for one', align: 'right' },
  { title: 'admitted', align: 'right' },
  { title: 'refused with room', align: 'right' },
  { title: 'most in a window', align: 'right' },
];

export default study(async (effort) => {
  await using redis = await startRedis();
  const client = new Redis(redis.url);
  const lines: (readonly string[])[] = [];
  for (const load of loads)
    for (const name of Object.keys(leases)) {
      const minutes = effort === 'smoke' ? 0.01 : load.minutes;
      lines.push([
        `${load.offered} of ${load.limit}`,
        name,
        ...textsOf(await play(client, load, minutes, name)),
      ]);
    }
  client.disconnect();
  return { columns, lines };
});

/** Counts the commands, and knows when all are answered. */
class CountingClient implements RedisClient {
  readonly status = 'ready';
  commands = 0;
  readonly #client: Redis;
  readonly #waiting = new Set<Promise<unknown>>();

  constructor(client: Redis) {
    this.#client = client;
  }

  evalsha(sha1: string, keyCount: number, ...rest: (string | number)[]): Promise<unknown> {
    return this.#count(this.#client.evalsha(sha1, keyCount, ...rest));
  }

  eval(script: string, keyCount: number, ...rest: (string | number)[]): Promise<unknown> {
    return this.#count(this.#client.eval(script, keyCount, ...rest));
  }

  async answered(): Promise<void> {
    while (this.#waiting.size > 0) await Promise.allSettled(this.#waiting);
  }

  #count(reply: Promise<unknown>): Promise<unknown> {
    this.commands += 1;
    this.#waiting.add(reply);
    const forget = (): boolean => this.#waiting.delete(reply);
    void reply.then(forget, forget);
    return reply;
  }
}

interface Outcome {
  readonly calls: number;
  readonly commands: number;
  readonly waited: number;
  readonly admitted: number;
  readonly refusedWithRoom: number;
  readonly most: number;
}

async function play(redis: Redis, { offered, limit }: Load, minutes: number, name: string): Promise<Outcome> {
  await redis.flushall();
  const client = new CountingClient(redis);
  const clock = new ManualClock();
  const random = randomOf(7);
  const limiters = Array.from({ length: processes }, () => {
    const options = { time: 'client', instances: processes, leases: leases[name] } as const;
    const store = new RedisStore(client, { timeoutMs: 10_000_000, ...options });
    return new RateLimiter({ limits: { all: { limit, windowMs, by: 'global' } }, store, clock });
  });
  const admitted = new Window();
  let [calls, waited, refusedWithRoom, most] = [0, 0, 0, 0];
  const gap = (): number => (-Math.log(random()) * windowMs) / offered;
  for (let at = gap(); at < minutes * windowMs; at += gap()) {
    clock.advanceSync(at - clock.now());
    const before = client.commands;
    const { allowed, source } = await limiters[calls % processes]!.check({});
    if (source === 'redis') waited += 1;
    if (client.commands > before) await client.answered();
    calls += 1;
    const room = limit - admitted.since(at - windowMs);
    if (allowed) admitted.add(at);
    else if (room > 0) refusedWithRoom += 1;
    most = Math.max(most, admitted.since(at - windowMs));
  }
  return { calls, commands: client.commands, waited, admitted: admitted.size, refusedWithRoom, most };
}

/** Instants in their order, and how many are after one that moves on as well. */
class Window {
  readonly #instants: number[] = [];
  #first = 0;

  get size(): number {
    return this.#instants.length;
  }

  add(instant: number): void {
    this.#instants.push(instant);
  }

  since(instant: number): number {
    while ((this.#instants[this.#first] ?? Infinity) <= instant) this.#first += 1;
    return this.#instants.length - this.#first;
  }
}

function textsOf({ calls, commands, waited, admitted, refusedWithRoom, most }: Outcome): readonly string[] {
  const shareOf = (part: number): string => (part / calls).toFixed(3);
  const refused = `${refusedWithRoom} of ${calls - admitted}`;
  return [shareOf(commands), shareOf(waited), shareOf(admitted), refused, String(most)];
}
