// Many caches on one client: `<client kind> <host> <port> <caches>`. Uses them all, disposes them, closes the client, and
// says of each moment what is held open.
import { createCache } from '@holdfast/tiered-cache';
import { redis } from '@holdfast/tiered-cache/redis';

import { connect } from '../connect.ts';
import type { ClientKind } from '../messages.ts';

interface Emitter {
  eventNames(): (string | symbol)[];
  listenerCount(event: string | symbol): number;
  ping(): Promise<unknown>;
}

const [kind, host = '', port = '', count = ''] = process.argv.slice(2);
const addresses = [{ host, port: Number(port) }];
const connected = await connect({ client: kind as ClientKind, layout: 'alone', addresses });
const client = connected.clientOrUrl as unknown as Emitter;
await client.ping();

function resources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function say(moment: string): void {
  const listeners = client.eventNames().map((name) => [String(name), client.listenerCount(name)]);
  const held = { moment, listeners: Object.fromEntries(listeners) as unknown, resources: resources() };
  process.stdout.write(`${JSON.stringify(held)}\n`);
}

// Opens the pipe.
process.stdout.write('\n');
const before = JSON.stringify(resources());
say('before');
const caches = Array.from({ length: Number(count) }, (_, index) =>
  createCache({
    namespace: 'shop',
    ttlMs: 60_000,
    tierTimeoutMs: 60_000,
    l2: redis(client as never, { prefix: `p${index}` }),
  }),
);
say('made');
const values = await Promise.all(caches.map((cache) => cache.get('key', () => 1)));
say(`used ${values.filter((value) => value === 1).length}`);
await Promise.all(caches.map((cache) => cache[Symbol.asyncDispose]()));
// A socket that is told to close waits for the other side.
for (let left = 500; left > 0 && JSON.stringify(resources()) !== before; left -= 1)
  await new Promise((resolve) => setTimeout(resolve, 10));
say('disposed');
await connected.close();
