import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';

import {
  fastifyResponseCache,
  type FastifyResponseCacheOptions,
  responseCache,
} from '@holdfast/tiered-cache/http';
import Fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RouteHandlerMethod,
} from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';

import { adapterContract } from './contract/adapter-contract.ts';
import { fastifySite, listening } from './contract/fastify-site.ts';
import { serverContract } from './contract/server-contract.ts';
import { type RigOptions, setUp, type Site } from './contract/site.ts';

adapterContract('fastifyResponseCache', fastifySite);
serverContract('fastifyResponseCache', fastifySite);

describe('fastifyResponseCache', () => {
  const sites: Site[] = [];
  const cached = { config: { responseCache: true } };

  const start = async (
    declare: (app: FastifyInstance) => unknown,
    options: RigOptions & Pick<FastifyResponseCacheOptions, 'routes'> = {},
    before: (app: FastifyInstance) => unknown = () => undefined,
  ): Promise<Site & ReturnType<typeof setUp>> => {
    const { routes, ...others } = options;
    const rig = setUp(others);
    const app = Fastify();
    before(app);
    await app.register(fastifyResponseCache, { responses: rig.responses, routes });
    declare(app);
    const site = await listening(app);
    sites.push(site);
    return { ...rig, ...site };
  };

  const bodies = async (site: Site, ...paths: readonly string[]): Promise<string[]> => {
    const found: string[] = [];
    for (const path of paths) found.push((await site.ask(path)).body);
    return found;
  };

  const numbered = (): (() => Promise<string>) => {
    let runs = 0;
    return async () => `run ${(runs += 1)}`;
  };

  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
  });

  it('answers only the routes that are configured for it, unless all are', async () => {
    const declare = (app: FastifyInstance): void => {
      app.get('/plain', numbered());
      app.get('/on', cached, numbered());
      app.get('/off', { config: { responseCache: false } }, numbered());
    };

    const paths = ['/plain', '/plain', '/on', '/on', '/off', '/off'];
    expect(await bodies(await start(declare), ...paths)).toEqual([
      'run 1',
      'run 2',
      'run 1',
      'run 1',
      'run 1',
      'run 2',
    ]);
    expect(await bodies(await start(declare, { routes: 'all' }), ...paths)).toEqual([
      'run 1',
      'run 1',
      'run 1',
      'run 1',
      'run 1',
      'run 2',
    ]);
  });

  it('lets a route have terms of its own', async () => {
    const site = await start((app) => {
      const mine = (request: FastifyRequest): string => request.headers['user-agent'] ?? '';
      app.get('/brief', { config: { responseCache: { ttlMs: 1_000 } } }, numbered());
      app.get(
        '/mine',
        { config: { responseCache: { identity: mine, cacheControl: 'private, no-cache' } } },
        numbered(),
      );
    });
    await bodies(site, '/brief');
    await site.clock.advance(1_000);

    expect(await bodies(site, '/brief')).toEqual(['run 2']);
    expect((await site.ask('/mine', { headers: { 'user-agent': 'ann' } })).body).toBe('run 1');
    const bob = await site.ask('/mine', { headers: { 'user-agent': 'bob' } });
    expect(bob).toMatchObject({ body: 'run 2', headers: { 'cache-control': 'private, no-cache' } });
  });

  it.each([
    [{ ttlMs: -1 }, 'ttlMs must be a finite number of milliseconds of at least 0, got -1'],
    ['yes', "config.responseCache must be true, false or options, got 'yes'"],
  ])('refuses a route with the terms %j', async (terms, message) => {
    const { responses } = setUp();
    const app = Fastify();
    await app.register(fastifyResponseCache, { responses });

    expect(() => app.get('/', { config: { responseCache: terms } }, numbered())).toThrow(message);
  });

  it('refuses to be registered without a response cache, or for routes that it does not know', async () => {
    const { responses } = setUp();
    const nothing = { responses: {} } as unknown as FastifyResponseCacheOptions;
    const unknown = { responses, routes: 'some' as 'all' };

    await expect(Fastify().register(fastifyResponseCache, nothing)).rejects.toThrow(
      'responses must be an object with',
    );
    await expect(Fastify().register(fastifyResponseCache, unknown)).rejects.toThrow(
      "routes must be one of 'configured', 'all', got 'some'",
    );
  });

  it('applies to the instance that it is registered on and to those below, not to others', async () => {
    const { responses } = setUp();
    const app = Fastify();
    app.register(async (scope) => {
      await scope.register(fastifyResponseCache, { responses });
      scope.get('/in', cached, numbered());
      scope.register(
        async (below) => {
          below.get('/', cached, numbered());
        },
        { prefix: '/below' },
      );
    });
    app.register(async (other) => {
      other.get('/out', cached, numbered());
    });
    const site = await listening(app);
    sites.push(site);

    const paths = ['/in', '/in', '/below', '/below', '/below/', '/below/', '/out', '/out'];
    expect(await bodies(site, ...paths)).toEqual([
      'run 1',
      'run 1',
      'run 1',
      'run 1',
      'run 2',
      'run 2',
      'run 1',
      'run 2',
    ]);
  });

  it('runs every hook before the handler for every request: no answer goes past a check', async () => {
    const open = { open: true };
    const check = async (): Promise<void> => {
      if (!open.open) throw Object.assign(new Error('closed'), { statusCode: 403 });
    };
    const site = await start((app) => app.get('/a', { ...cached, preHandler: check }, numbered()));
    expect(await bodies(site, '/a', '/a')).toEqual(['run 1', 'run 1']);

    open.open = false;

    expect((await site.ask('/a')).status).toBe(403);
  });

  it('has each hook that changes payloads change an answer once, wherever it was added', async () => {
    const wrap =
      (mark: string) =>
      async (
        _request: unknown,
        reply: { header(name: string, value: string): unknown },
        payload: unknown,
      ) => {
        reply.header('x-last', mark);
        return `${mark}(${String(payload)})`;
      };
    const site = await start(
      (app) => {
        app.get('/a', { ...cached, onSend: wrap('route') }, numbered());
        app.addHook('onSend', wrap('after'));
      },
      {},
      (app) => app.addHook('onSend', wrap('before')),
    );

    const answers = [await site.ask('/a'), await site.ask('/a'), await site.ask('/a', { method: 'HEAD' })];

    const whole = 'route(after(before(run 1)))';
    expect(answers.map(({ body }) => body)).toEqual([whole, whole, '']);
    expect(answers.map(({ headers }) => headers['content-length'])).toEqual(
      Array(3).fill(String(whole.length)),
    );
  });

  it('puts its headers after a hook that was added before it has set others', async () => {
    let requests = 0;
    const site = await start(
      (app) =>
        app.get('/a', cached, async (_, reply) => {
          reply.header('x-content', 'page');
          return 'hello';
        }),
      {},
      (app) =>
        app.addHook('onSend', async (_, reply, payload) => {
          requests += 1;
          if (requests === 1) return payload;
          reply.code(202).header('x-content', 'hook');
          return 'changed';
        }),
    );
    await site.ask('/a');

    expect(await site.ask('/a')).toMatchObject({
      status: 200,
      body: 'hello',
      headers: { 'x-content': 'page' },
    });
  });

  it('leaves the answer to a hook that was added before it and fails or refuses', async () => {
    const hooks: ((reply: FastifyReply) => void)[] = [
      () => undefined,
      () => {
        hooks.unshift(() => undefined);
        throw new Error('hook');
      },
      (reply) => void reply.code(451),
    ];
    const site = await start(
      (app) => app.get('/a', cached, numbered()),
      {},
      (app) =>
        app.addHook('onSend', async (_, reply, payload) => {
          hooks.shift()?.(reply);
          return payload;
        }),
    );

    const answers = [await site.ask('/a'), await site.ask('/a'), await site.ask('/a')];

    expect(answers.map(({ status }) => status)).toEqual([200, 500, 451]);
    expect(answers[1]?.body).toContain('hook');
    expect(answers[2]?.body).toBe('');
    for (const { headers } of answers.slice(1)) expect(headers['etag']).toBeUndefined();
    expect(site.responses.statistics()).toMatchObject({ hits: 2 });
  });

  it('takes its headers back from the answer to a failure of a hook', async () => {
    const failing = { failing: false };
    const site = await start((app) =>
      app.get(
        '/a',
        {
          ...cached,
          onSend: async () => {
            if (failing.failing) throw new Error('hook');
          },
        },
        numbered(),
      ),
    );
    failing.failing = true;
    const missed = await site.ask('/a');
    failing.failing = false;
    await site.ask('/a');
    failing.failing = true;
    const hit = await site.ask('/a');

    for (const answer of [missed, hit]) {
      expect(answer).toMatchObject({ status: 500, body: expect.stringContaining('hook') as unknown });
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      for (const name of ['cache-control', 'etag', 'last-modified', 'age'])
        expect(answer.headers[name]).toBeUndefined();
    }
  });

  it('leaves the answer to a failure of a hook alone where nothing was stored', async () => {
    const failing = async (): Promise<never> => {
      throw new Error('hook');
    };
    const site = await start((app) =>
      app.get('/a', { ...cached, onSend: failing }, async (_, reply) =>
        reply.header('cache-control', 'no-store').send(''),
      ),
    );

    expect(await site.ask('/a')).toMatchObject({ status: 500, headers: { 'cache-control': 'no-store' } });
  });

  it.each<[string, RouteHandlerMethod, string]>([
    ['returns an object', async () => ({ a: 1 }), '{"a":1}'],
    ['returns a promise of null', async () => null, 'null'],
    ['sends and returns the reply', async (_, reply) => reply.send('hello'), 'hello'],
    ['sends without a promise', (_, reply) => void reply.type('text/html').send('<p>'), '<p>'],
    ['sends later', (_, reply) => void setImmediate(() => void reply.send('later')), 'later'],
    ['sends bytes', async (_, reply) => reply.send(Buffer.from('bytes')), 'bytes'],
    ['sends nothing', async (_, reply) => reply.code(204).send(), ''],
    ['returns an empty text', async () => '', ''],
  ])('keeps what a handler makes that %s', async (_, handler, body) => {
    let runs = 0;
    const site = await start((app) =>
      app.get('/a', cached, function counting(request, reply) {
        runs += 1;
        return handler.call(this, request, reply);
      }),
    );

    const answers = [await site.ask('/a'), await site.ask('/a')];

    expect(runs).toBe(1);
    expect(answers.map((answer) => answer.body)).toEqual([body, body]);
    expect(answers[1]?.status).toBe(answers[0]?.status);
    expect(answers[1]?.headers['content-type']).toBe(answers[0]?.headers['content-type']);
    expect(answers[1]?.headers['content-length']).toBe(answers[0]?.headers['content-length']);
  });

  it.each<[string, RouteHandlerMethod, string | undefined]>([
    [
      'JSON in bytes, without a charset',
      async (_, reply) => reply.type('application/json').send(Buffer.from('{}')),
      'application/json',
    ],
    [
      'what a serializer has made, without a type',
      async (_, reply) => reply.serializer(() => Buffer.from('{}') as unknown as string).send({}),
      undefined,
    ],
  ])('gives an answer the type that the handler gave it: %s', async (_, handler, type) => {
    const site = await start((app) => app.get('/a', cached, (...args) => handler.apply(app, args)));

    const answers = [await site.ask('/a'), await site.ask('/a')];

    expect(answers.map(({ body, headers }) => [body, headers['content-type']])).toEqual([
      ['{}', type],
      ['{}', type],
    ]);
    expect(site.responses.statistics()).toMatchObject({ hits: 1 });
  });

  it('keeps what a schema of the route has made of an object', async () => {
    const schema = { response: { 200: { type: 'object', properties: { a: { type: 'number' } } } } };
    const site = await start((app) =>
      app.get('/a', { ...cached, schema }, async () => ({ a: 1, secret: 2 })),
    );

    expect(await bodies(site, '/a', '/a')).toEqual(['{"a":1}', '{"a":1}']);
  });

  it('leaves alone what a handler sends past the framework', async () => {
    let runs = 0;
    const site = await start((app) =>
      app.get('/a', cached, (_, reply) => {
        runs += 1;
        reply.hijack();
        reply.raw.end(`raw ${runs}`);
      }),
    );

    expect(await bodies(site, '/a', '/a')).toEqual(['raw 1', 'raw 2']);
  });

  it.each<[string, RouteHandlerMethod]>([
    ['has taken over', (_, reply) => void reply.hijack().raw.write('first')],
    ['answers without telling', (_, reply) => void reply.raw.writeHead(200).write('first')],
    [
      'takes over later',
      async (_, reply) => {
        await new Promise(setImmediate);
        reply.hijack().raw.flushHeaders();
      },
    ],
  ])('has nobody wait for a stream that a handler sends when it %s', async (_, handler) => {
    const seen: unknown[] = [];
    const site = await start(
      (app) =>
        app.get('/a', cached, function counting(request, reply) {
          seen.push(request.headers['if-none-match']);
          reply.raw.once('close', () => seen.push(request.headers['if-none-match']));
          return handler.call(this, request, reply);
        }),
      {},
      (app) => app.addHook('onClose', async () => app.server.closeAllConnections()),
    );
    const leaving = new AbortController();
    const ask = (): Promise<unknown> =>
      site.ask('/a', { headers: { 'if-none-match': '"x"' }, signal: leaving.signal }).catch(() => 'left');

    const asked = [ask()];
    await expect.poll(() => seen).toEqual([undefined]);
    asked.push(ask());

    await expect.poll(() => seen).toEqual([undefined, '"x"']);
    leaving.abort();
    await Promise.all(asked);
    await expect.poll(() => seen).toEqual([undefined, '"x"', '"x"', '"x"']);
  });

  it('answers HEAD with 304 to a client that has the content', async () => {
    const site = await start((app) => app.get('/a', cached, numbered()));
    const { headers } = await site.ask('/a');

    const head = await site.ask('/a', {
      method: 'HEAD',
      headers: { 'if-none-match': String(headers['etag']) },
    });

    expect(head).toMatchObject({ status: 304, body: '', headers: { etag: headers['etag'] } });
  });

  it('answers over HTTP/2, and runs handlers in the background there', async () => {
    const { responses, clock } = setUp({ staleWhileRevalidateMs: 60_000 });
    const app = Fastify({ http2: true });
    await app.register(fastifyResponseCache, { responses });
    app.get('/a', cached, numbered());
    await app.listen({ port: 0, host: '127.0.0.1' });
    const client = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
    sites.push({
      ask: () => Promise.reject(new Error('unused')),
      close: () => {
        client.close();
        return app.close();
      },
    });
    const ask = async (): Promise<string> => {
      const parts: string[] = [];
      for await (const part of client.request({ ':path': '/a' }).setEncoding('utf8'))
        parts.push(String(part));
      return parts.join('');
    };

    expect([await ask(), await ask()]).toEqual(['run 1', 'run 1']);
    clock.advanceSync(61_000);
    expect(await ask()).toBe('run 1');
    await expect.poll(ask).toBe('run 2');
  });

  it('knows users by what hooks have found out about them', async () => {
    const { cache, clock } = setUp();
    const responses = responseCache<FastifyRequest>({
      cache,
      ttlMs: 60_000,
      clock,
      identity: (request) => request.getDecorator('account'),
    });
    const app = Fastify();
    app.decorateRequest('account', '');
    app.addHook('preHandler', async (request) => {
      request.setDecorator('account', request.headers.authorization);
    });
    await app.register(fastifyResponseCache, { responses });
    app.get('/a', cached, numbered());
    const site = await listening(app);
    sites.push(site);

    const ask = async (authorization: string): Promise<string> =>
      (await site.ask('/a', { headers: { authorization } })).body;
    expect([await ask('ann'), await ask('bob'), await ask('ann')]).toEqual(['run 1', 'run 2', 'run 1']);
  });
});
