import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expressResponseCache, type ResponseCache } from '@holdfast/tiered-cache/http';
import express, { type Express, type Request, type RequestHandler } from 'express';
import { afterEach, describe, expect, it } from 'vitest';

import { adapterContract } from './contract/adapter-contract.ts';
import { expressSite, listening } from './contract/express-site.ts';
import { serverContract } from './contract/server-contract.ts';
import { type RigOptions, setUp, type Site } from './contract/site.ts';

adapterContract('expressResponseCache', expressSite);
serverContract('expressResponseCache', expressSite);

describe('expressResponseCache', () => {
  const sites: Site[] = [];

  const serve = async (app: Express): Promise<Site> => {
    const site = await listening(app);
    sites.push(site);
    return site;
  };

  const start = async (
    handler: RequestHandler,
    options: RigOptions = {},
  ): Promise<Site & ReturnType<typeof setUp> & { readonly runs: () => number }> => {
    const rig = setUp(options);
    const app = express();
    let runs = 0;
    app.set('env', 'test');
    app.use(caching(rig.responses));
    app.get('/a', (request, response, next) => {
      runs += 1;
      return handler(request, response, next);
    });
    return { ...rig, ...(await serve(app)), runs: () => runs };
  };

  const caching = (responses: ResponseCache<Request>): RequestHandler => expressResponseCache(responses);

  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
  });

  const writing =
    (write: (response: ServerResponse) => void): RequestHandler =>
    (_, response) =>
      write(response);

  it.each<[string, RequestHandler]>([
    ['send', (_, response) => void response.type('text').send('hello')],
    ['end alone', writing((response) => response.end('hello'))],
    [
      'end with an encoding and a callback',
      writing((response) => response.end('aGVsbG8=', 'base64', () => {})),
    ],
    [
      'end with a callback',
      writing((response) => {
        response.setHeader('content-length', 5);
        response.write('hello');
        response.end(() => {});
      }),
    ],
    ['writeHead with headers', writing((response) => response.writeHead(200, { 'X-A': '1' }).end('hello'))],
    [
      'writeHead with a reason',
      writing((response) => response.writeHead(200, 'Fine', { 'X-A': '1' }).end('hello')),
    ],
    [
      'writeHead with a list',
      writing((response) => response.writeHead(200, ['X-A', '1', 'X-B', '2', 'X-B', '3']).end('hello')),
    ],
    [
      'write, its length announced',
      writing((response) => {
        response.setHeader('content-length', '5');
        response.write('he', () => {});
        response.write(Buffer.from('ll'));
        response.end('o');
      }),
    ],
  ])('keeps what a handler answers by %s', async (_, handler) => {
    const site = await start(handler);

    const answers = [await site.ask('/a'), await site.ask('/a')];

    expect(site.runs()).toBe(1);
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 200, body: 'hello', headers: { 'content-length': '5' } });
    const [first, second] = answers.map(({ headers }) => [headers['x-a'], headers['x-b'], headers['etag']]);
    expect(second).toEqual(first);
  });

  it.each<[string, RequestHandler]>([
    [
      'write, its length unknown',
      writing((response) => {
        response.write('he');
        response.write('ll');
        response.end('o');
      }),
    ],
    [
      'write, a stream of events',
      writing((response) => {
        response.setHeader('content-type', 'text/event-stream');
        response.write('hello');
        response.end();
      }),
    ],
    [
      'flushHeaders',
      writing((response) => {
        response.flushHeaders();
        response.end('hello');
      }),
    ],
  ])('passes on what a handler answers by %s', async (_, handler) => {
    const site = await start(handler);

    for (const run of [1, 2]) {
      expect(await site.ask('/a')).toMatchObject({ status: 200, body: 'hello' });
      expect(site.runs()).toBe(run);
    }
  });

  it('keeps the reason of a handler, but not for another status', async () => {
    const site = await start(
      (_, response) => void response.writeHead(200, 'Fine', { etag: '"a"' }).end('hello'),
    );

    expect(await site.ask('/a', { headers: { 'if-none-match': '"a"' } })).toMatchObject({
      status: 304,
      reason: 'Not Modified',
    });
    const other = await start((_, response) => void response.writeHead(200, 'Fine').end('hello'));
    expect(await other.ask('/a')).toMatchObject({ status: 200, reason: 'Fine' });
  });

  it('takes nothing more of a failure once it has ended, while a stale response is looked for', async () => {
    const site = await start(
      (_, response) => {
        if (site.runs() === 1) return void response.send('old');
        response.status(500).end('down');
        response.write('more');
        response.end('again');
      },
      { staleIfErrorMs: 60_000 },
    );
    await site.ask('/a');
    await site.clock.advance(61_000);

    expect(await site.ask('/a')).toMatchObject({
      status: 200,
      body: 'old',
      headers: { 'content-length': '3' },
    });
  });

  it('sends headers when they are flushed, and the parts of a stream as they are written', async () => {
    const more = Promise.withResolvers<undefined>();
    const { responses } = setUp();
    const app = express();
    app.use(caching(responses));
    app.get('/a', (_, response) => {
      response.write('first');
      void more.promise.then(() => response.end('last'));
    });
    app.get('/b', (_, response) => {
      response.flushHeaders();
      void more.promise.then(() => response.end('last'));
    });
    const server = app.listen(0);
    sites.push({ ask: () => Promise.reject(new Error('unused')), close: async () => void server.close() });
    await new Promise((resolve) => server.once('listening', resolve));

    const listen = (path: string): string[] => {
      const parts: string[] = [];
      get({ port: (server.address() as AddressInfo).port, path, agent: false }, (response) => {
        parts.push('headers');
        response.on('data', (part: Buffer) => parts.push(part.toString()));
      });
      return parts;
    };
    const [written, flushed] = [listen('/a'), listen('/b')];
    await expect.poll(() => [written, flushed]).toEqual([['headers', 'first'], ['headers']]);
    more.resolve(undefined);

    await expect
      .poll(() => [written, flushed])
      .toEqual([
        ['headers', 'first', 'last'],
        ['headers', 'last'],
      ]);
  });

  it('keeps files, with the validators that express gives them, and asks by them again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'response-cache-'));
    await writeFile(join(folder, 'a.txt'), 'hello');
    const asked: unknown[] = [];
    const site = await start(
      (request, response) => {
        asked.push(request.headers['if-none-match']);
        response.sendFile('a.txt', { root: folder, maxAge: 60_000 });
      },
      { staleIfErrorMs: 60_000 },
    );
    const first = await site.ask('/a');
    const second = await site.ask('/a');
    await site.clock.advance(61_000);
    const third = await site.ask('/a');

    await rm(folder, { recursive: true });

    expect(asked).toEqual([undefined, first.headers['etag']]);
    for (const answer of [first, second, third])
      expect(answer).toMatchObject({
        status: 200,
        body: 'hello',
        headers: { etag: first.headers['etag'], 'content-type': 'text/plain; charset=utf-8' },
      });
    expect(first.headers['etag']).toMatch(/^W\//);
  });

  it('keeps redirects that are for good', async () => {
    const site = await start((_, response) => response.redirect(301, '/b'));

    for (const _ of [1, 2])
      expect(await site.ask('/a')).toMatchObject({ status: 301, headers: { location: '/b' } });
    expect(site.runs()).toBe(1);
  });

  it('works with a middleware behind it that changes what is written, and headers at the last moment', async () => {
    const { responses } = setUp();
    const app = express();
    let runs = 0;
    const shouting: RequestHandler = (_, response, next) => {
      const end = response.end.bind(response) as (chunk: string) => typeof response;
      const writeHead = response.writeHead.bind(response) as (status: number) => typeof response;
      Object.assign(response, {
        writeHead(status: number) {
          response.setHeader('content-encoding', 'shouting');
          response.removeHeader('content-length');
          return writeHead(status);
        },
        end(chunk: Buffer) {
          response.writeHead(response.statusCode);
          return end(chunk.toString().toUpperCase());
        },
      });
      next();
    };
    app.use(caching(responses), shouting);
    app.get('/a', (_, response) => {
      runs += 1;
      response.vary('Accept-Encoding').send('hello');
    });
    const site = await serve(app);

    for (const _ of [1, 2])
      expect(await site.ask('/a')).toMatchObject({
        body: 'HELLO',
        headers: { 'content-encoding': 'shouting' },
      });
    expect(runs).toBe(1);
  });

  it('tells requests apart by their whole path, and runs them in the background from the outermost application', async () => {
    const { responses, clock } = setUp({ staleWhileRevalidateMs: 60_000 });
    const outer = express();
    const inner = express();
    const entered: string[] = [];
    outer.use((request, _, next) => {
      entered.push(request.originalUrl);
      next();
    });
    let runs = 0;
    inner.get('/a', caching(responses), (request, response) => {
      runs += 1;
      response.send(`${request.baseUrl} ${runs}`);
    });
    outer.use('/one', inner);
    outer.use('/two', inner);
    const site = await serve(outer);

    expect([(await site.ask('/one/a')).body, (await site.ask('/two/a')).body]).toEqual(['/one 1', '/two 2']);
    await clock.advance(61_000);
    expect((await site.ask('/one/a')).body).toBe('/one 1');
    await expect.poll(async () => (await site.ask('/one/a')).body).toBe('/one 3');
    expect(entered.slice(0, 4)).toEqual(['/one/a', '/two/a', '/one/a', '/one/a']);
  });

  it.each<[string, RequestHandler]>([
    [
      'written a part',
      (_, response) => {
        response.setHeader('content-length', 10);
        response.write('hello');
        throw new Error('broken off');
      },
    ],
    [
      'written the head',
      (_, response) => {
        response.writeHead(200, { 'content-length': 10 });
        throw new Error('broken off');
      },
    ],
  ])('breaks off an answer whose handler fails after it has %s, as express does', async (_, handler) => {
    const site = await start(handler);

    await expect(site.ask('/a')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(site.responses.statistics()).toMatchObject({ stored: 0 });
  });

  it('gives up on a run in the background that breaks off', async () => {
    const { responses, cache, clock } = setUp({ staleWhileRevalidateMs: 60_000 });
    const events: unknown[] = [];
    cache.events.subscribe((event) => events.push(event));
    const app = express();
    app.set('env', 'test');
    app.use(caching(responses));
    let runs = 0;
    app.get('/a', (_, response) => {
      runs += 1;
      response.setHeader('content-length', 5);
      response.write('hel');
      if (runs > 1) throw new Error('broken off');
      response.end('lo');
    });
    const site = await serve(app);
    await site.ask('/a');
    await clock.advance(61_000);

    expect((await site.ask('/a')).body).toBe('hello');
    await expect.poll(() => events).toMatchObject([{ type: 'refresh-failed' }]);
  });

  it.each<[string, RequestHandler]>([
    ['calls the next one', (_, __, next) => next()],
    ['answers again', (_, response) => void response.status(404).send('another answer')],
  ])('sends the first answer of a handler that %s', async (_, more) => {
    const rig = setUp({ staleIfErrorMs: 60_000 });
    const app = express();
    app.set('env', 'test');
    app.use(caching(rig.responses));
    let runs = 0;
    app.all('/a', (request, response, next) => {
      runs += 1;
      response.status(request.method === 'GET' && runs > 1 ? 500 : 200).send('made');
      return more(request, response, next);
    });
    const site = await serve(app);

    const expected = { status: 200, body: 'made', headers: { 'content-length': '4' } };
    expect(await site.ask('/a')).toMatchObject(expected);
    expect(await site.ask('/a', { method: 'POST' })).toMatchObject(expected);
    // A failure, with a stale response to be looked for that there is not.
    expect(await site.ask('/a')).toMatchObject({ ...expected, status: 500 });
  });

  it('tells the length of what a method that changes something has answered', async () => {
    const app = express();
    app.use(caching(setUp().responses));
    app.post('/text', (_, response) => void response.end('made'));
    app.post('/parts', (_, response) => {
      response.write('ma');
      response.end('de');
    });
    app.post('/none', (_, response) => void response.status(204).end());
    const site = await serve(app);
    const ask = (path: string): Promise<unknown> => site.ask(path, { method: 'POST' });

    expect(await ask('/text')).toMatchObject({ body: 'made', headers: { 'content-length': '4' } });
    expect(await ask('/parts')).toMatchObject({ body: 'made', headers: { 'transfer-encoding': 'chunked' } });
    expect(await ask('/none')).not.toHaveProperty('headers.content-length');
  });

  it('leaves errors to the application', async () => {
    const site = await start((_, __, next) => next(Object.assign(new Error('no'), { status: 418 })));

    expect((await site.ask('/a')).status).toBe(418);
    expect((await site.ask('/a')).status).toBe(418);
    expect(site.runs()).toBe(2);
  });
});
