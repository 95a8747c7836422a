// One process of a fleet: does what it is told by messages, and asks by messages for whatever has to be loaded.
import {
  type BulkLoadContext,
  createCache,
  type LoadContext,
  type TieredCache,
} from '@holdfast/tiered-cache';
import { redis } from '@holdfast/tiered-cache/redis';

import type { Answer, LoadAnswer, LoadRequest, Request, Task } from '../messages.ts';
import { connect, type Connected } from '../connect.ts';
import { hurry } from './hurry.ts';

interface Open {
  readonly cache: TieredCache;
  readonly connected: Connected;
  readonly events: unknown[];
}

type Values = LoadAnswer['values'];

const opened = new Map<string, Open>();
const loads = new Map<number, (values: Values) => void>();
let lastLoad = 0;

function load(cache: string, keys: readonly string[]): Promise<Values> {
  const id = (lastLoad += 1);
  process.send?.({ load: id, cache, keys } satisfies LoadRequest);
  return new Promise((resolve) => loads.set(id, resolve));
}

/** What loads one key, or many where many are asked for. */
function loaderFor(cache: string, asked: unknown): (input: never, context: never) => unknown {
  const loadOne = async (context: LoadContext): Promise<unknown> =>
    taken(await load(cache, [context.key]), context);
  const loadMany = async (keys: readonly string[], context: BulkLoadContext): Promise<unknown> => {
    const values = await load(cache, keys);
    return new Map(keys.map((key) => [key, taken(values, context.of(key))]));
  };
  return Array.isArray(asked) ? loadMany : loadOne;
}

function taken(values: Values, context: LoadContext): unknown {
  const loaded = values.get(context.key);
  if (loaded !== undefined && loaded.tags.length > 0) context.tags(...loaded.tags);
  return loaded?.value;
}

function find(name: string): Open {
  const open = opened.get(name);
  if (open === undefined) throw new Error(`no cache ${name} is open here`);
  return open;
}

async function close(name: string): Promise<void> {
  const { cache, connected } = find(name);
  opened.delete(name);
  await cache[Symbol.asyncDispose]();
  await connected.close();
}

async function perform(name: string, task: Task): Promise<unknown> {
  switch (task.do) {
    case 'open': {
      const { redis: redisOptions, ...options } = task.options;
      const connected = await connect(task.wiring);
      const cache = createCache({
        namespace: 'shop',
        ttlMs: 600_000,
        ...options,
        l2: redis(connected.clientOrUrl, { prefix: name, ...redisOptions }),
      });
      const events: unknown[] = [];
      cache.events.subscribe((event) => events.push(event.type === 'memory-dropped' ? event : event.type));
      opened.set(name, { cache, connected, events });
      return;
    }
    case 'call': {
      const { cache } = find(name);
      const [first, ...rest] = task.args;
      const args = task.loads === true ? [first, loaderFor(name, first), ...rest] : task.args;
      const methods = cache as unknown as Record<string, (...all: readonly unknown[]) => unknown>;
      return methods[task.method]?.(...args);
    }
    case 'crowd': {
      const { cache } = find(name);
      const loader = loaderFor(name, task.key) as () => unknown;
      const answers = Array.from({ length: task.callers }, () => cache.get(task.key, loader));
      return [...new Set(await Promise.all(answers))];
    }
    case 'hurry':
      return hurry(find(name).cache, task.who, task.rounds, task.limitMs);
    case 'listen':
      return find(name).events;
    case 'close':
      return close(name);
    case 'leave':
      await Promise.all([...opened.keys()].map(close));
  }
}

async function answer({ id, cache, task }: Request): Promise<void> {
  let told: Answer;
  try {
    told = { id, value: await perform(cache, task) };
  } catch (error) {
    const { name, message } = error as Error;
    told = { id, error: { name, message } };
  }
  process.send?.(told);
  if (task.do === 'leave') process.disconnect?.();
}

process.on('message', (message: Request | LoadAnswer) => {
  if ('loaded' in message) {
    loads.get(message.loaded)?.(message.values);
    loads.delete(message.loaded);
  } else void answer(message);
});
process.stdout.write('ready\n');
