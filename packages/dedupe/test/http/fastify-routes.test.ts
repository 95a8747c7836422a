import type { AddressInfo } from 'node:net';
import { fastifyDedupe, type FastifyDedupeOptions, type FastifyRequestLike } from '@holdfast/dedupe/fastify';
import { RequestDedupe } from '@holdfast/dedupe/http';
import { until } from '@holdfast/test-support';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';

type Routes = FastifyDedupeOptions['routes'];

/** A server with the routes of the test, and the plugin before them. */
async function serve(declare: (app: FastifyInstance) => unknown, routes?: Routes) {
  const requests = new RequestDedupe<FastifyRequestLike>({ identity: () => 'ann', maxBodyBytes: 10 });
  const app = Fastify({ forceCloseConnections: true });
  await app.register(fastifyDedupe, { requests, routes });
  await declare(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const ask = async (path: string, init?: RequestInit): Promise<string> =>
    (await fetch(url + path, init)).text();
  /** Asks twice for the same at the same time. */
  const askTwice = (path: string): Promise<readonly string[]> => Promise.all([ask(path), ask(path)]);
  return { app, ask, askTwice, requests };
}

const order = { method: 'POST', headers: { 'idempotency-key': 'k' } };

describe('fastifyDedupe', () => {
  it.each<[Routes, readonly number[]]>([
    [undefined, [0, 1, 0]],
    ['configured', [0, 1, 0]],
    ['all', [1, 1, 0]],
  ])('takes over, with routes: %s, those which it should', async (routes, leaders) => {
    const { ask, requests } = await serve((app) => {
      app.get('/silent', () => 'page');
      app.get('/wants', { config: { dedupe: true } as object }, () => 'page');
      app.get('/wants-not', { config: { dedupe: false } as object }, () => 'page');
    }, routes);
    const found: number[] = [];

    for (const path of ['/silent', '/wants', '/wants-not']) {
      const before = requests.statistics().calls.leader;
      await ask(path);
      found.push(requests.statistics().calls.leader - before);
    }

    expect(found).toEqual(leaders);
  });

  it('is known to fastify by its name, and takes routes of the instance that it is registered on', async () => {
    const { app } = await serve(() => undefined);

    expect(app.hasPlugin('@holdfast/dedupe/fastify')).toBe(true);
    expect(app.printPlugins()).toContain('@holdfast/dedupe/fastify');
  });

  it('refuses to be registered on another version of fastify', () => {
    const marked = fastifyDedupe as unknown as Record<symbol, { readonly fastify: string }>;

    expect(marked[Symbol.for('plugin-meta')]?.fastify).toBe('5.x');
  });

  it.each([
    [{ requests: {} as never }, 'requests must be an object with begin(), got an object'],
    [{ routes: 'none' as never }, "routes must be one of 'configured', 'all', got 'none'"],
  ])('refuses %o', async (options, message) => {
    const requests = new RequestDedupe<FastifyRequestLike>({ identity: () => undefined });

    await expect(Fastify().register(fastifyDedupe, { requests, ...options })).rejects.toThrow(message);
  });
});

describe('a route of fastify that is deduplicated', () => {
  it('runs its handler on its instance', async () => {
    const { ask } = await serve((app) => {
      app.decorate('dish', 'soup');
      app.get('/', function handle(this: FastifyInstance) {
        return Promise.resolve(Reflect.get(this, 'dish') as string);
      });
    }, 'all');

    expect(await ask('/')).toBe('soup');
  });

  it.each([
    ['one', [' one']],
    ['a list', [' one', ' two']],
  ])('runs its own hooks that change payloads for each request, %s', async (_what, additions) => {
    let hooked = 0;
    const hooks = additions.map(
      (addition) => async (_request: unknown, _reply: unknown, payload: unknown) => {
        hooked += 1;
        return `${String(payload)}${addition}`;
      },
    );
    const { askTwice, requests } = await serve((app) => {
      const handler = async (): Promise<string> => {
        await until('one waits', () => requests.statistics().calls.follower === 1);
        return 'page';
      };
      app.route({ method: 'GET', url: '/', onSend: hooks.length === 1 ? hooks[0]! : hooks, handler });
    }, 'all');

    const page = `page${additions.join('')}`;
    expect(await askTwice('/')).toEqual([page, page]);
    expect(hooked).toBe(2 * hooks.length);
  });

  it.each<[string, unknown, string]>([
    ['a buffer', Buffer.from('page'), 'page'],
    ['nothing', undefined, ''],
    ['taken away by a hook of the instance', 'taken', ''],
    ['an object', { dish: 1 }, '{"dish":1}'],
    ['as long as it may be', '10 letters', '10 letters'],
  ])('shares the answer that is %s', async (_what, payload, body) => {
    let runs = 0;
    const { askTwice, requests } = await serve((app) => {
      app.addHook('onSend', async (_request, _reply, sent) => (sent === 'taken' ? null : sent));
      app.get('/', async (_request, reply) => {
        runs += 1;
        await until('one waits', () => requests.statistics().calls.follower === 1);
        return reply.send(payload);
      });
    }, 'all');

    expect(await askTwice('/')).toEqual([body, body]);
    expect(runs).toBe(1);
  });

  it('may answer later, and give nothing', async () => {
    const { ask, requests } = await serve((app) => {
      app.post('/', (_request, reply) => void setImmediate(() => void reply.send('page')));
    }, 'all');

    expect([await ask('/', order), await ask('/', order)]).toEqual(['page', 'page']);
    expect(requests.statistics().idempotency).toMatchObject({ executed: 1, replayed: 1 });
  });

  it('may answer past fastify: others run handlers of their own, and nobody is taken to have left', async () => {
    let runs = 0;
    const { askTwice, requests } = await serve((app) => {
      app.get('/', async (_request, reply) => {
        runs += 1;
        await until('one waits', () => requests.statistics().calls.follower === 1);
        reply.hijack();
        reply.raw.end('page');
      });
    }, 'all');

    expect(await askTwice('/')).toEqual(['page', 'page']);
    expect(runs).toBe(2);
    await until('it has landed', () => requests.statistics().inFlight === 0);
    expect(requests.statistics()).toMatchObject({ calls: { leader: 1, follower: 1 }, abandoned: 0 });
  });
});
