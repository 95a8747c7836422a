import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { HttpEmbedder, type HttpEmbedderOptions } from '../../src/embedding/http-embedder.ts';
import { startUpstream, type Upstream, type UpstreamOptions } from '../../src/embedding/upstream-server.ts';
import { smallEmbedder } from '../support/fixtures.ts';

const local = smallEmbedder();
const upstream = (options: Partial<UpstreamOptions> = {}): Promise<Upstream> =>
  startUpstream({ embedder: local, serviceTimeMs: 0, ...options });
const embedderAt = (baseUrl: string, options: Partial<HttpEmbedderOptions> = {}): HttpEmbedder =>
  new HttpEmbedder({ baseUrl, model: 'remote', dimensions: 512, ...options });
const turn = (url: string, body: unknown): Promise<Response> =>
  fetch(`${url}/dial`, { method: 'POST', body: JSON.stringify(body) });

/** Answers every request alike, as a broken service might. */
async function answering(
  status: number,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ url: string; asked: unknown[] } & AsyncDisposable> {
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      asked.push({
        url: request.url,
        authorization: request.headers.authorization,
        body: JSON.parse(Buffer.concat(chunks).toString()) as unknown,
      });
      response.writeHead(status, headers).end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

const vectors = (...list: unknown[]): string =>
  JSON.stringify({ data: list.map((embedding, index) => ({ index, embedding })) });

describe('HttpEmbedder', () => {
  it('gets from an upstream the vectors that the upstream makes', async () => {
    await using server = await upstream();
    const texts = ['one two', '', 'naïve «text» 🦉'];

    const answer = await embedderAt(server.url).embed(texts);

    const expected = await local.embed(texts);
    for (const [index, vector] of answer.entries())
      for (const [at, value] of vector.entries())
        expect(value).toBeCloseTo(expected[index]?.[at] ?? Number.NaN, 6);
    expect(server.requests).toBe(1);
  });

  it('asks for nothing when there is nothing to embed', async () => {
    await using server = await upstream();

    expect(await embedderAt(server.url).embed([])).toEqual([]);
    expect(server.requests).toBe(0);
  });

  it('sends model, input and key as the API says, below the base path', async () => {
    await using server = await answering(200, vectors([3, 4]));

    const answer = await embedderAt(`${server.url}/proxy/`, { apiKey: 'secret', dimensions: 2 }).embed([
      'text',
    ]);

    expect(answer).toEqual([Float32Array.of(0.6, 0.8)]);
    expect(server.asked).toEqual([
      {
        url: '/proxy/v1/embeddings',
        authorization: 'Bearer secret',
        body: { model: 'remote', input: ['text'], dimensions: 2, encoding_format: 'float' },
      },
    ]);
  });

  it('puts vectors in the order of the inputs, whatever the order of the answer', async () => {
    const body = JSON.stringify({
      data: [
        { index: 1, embedding: [0, 1] },
        { index: 0, embedding: [1, 0] },
      ],
    });
    await using server = await answering(200, body);

    const answer = await embedderAt(server.url, { dimensions: 2 }).embed(['a', 'b']);

    expect(answer).toEqual([Float32Array.of(1, 0), Float32Array.of(0, 1)]);
  });

  it.each([
    ['no JSON', '<html>'],
    ['null', 'null'],
    ['no data', '{}'],
    ['too few vectors', vectors()],
    ['too many vectors', vectors([1, 2], [1, 2])],
    ['a vector too short', vectors([1])],
    ['something else than numbers', vectors([1, '2'])],
    ['null for a number', '{"data":[{"index":0,"embedding":[1,null]}]}'],
    ['a wrong index', '{"data":[{"index":7,"embedding":[1,2]}]}'],
    ['no object', '{"data":[null]}'],
  ])('refuses an answer with %s', async (_, body) => {
    await using server = await answering(200, body);

    await expect(embedderAt(server.url, { dimensions: 2 }).embed(['x'])).rejects.toMatchObject({
      code: 'ERR_EMBEDDING_FAILED',
      model: 'remote',
      status: undefined,
    });
  });

  it('tells status and Retry-After of a refusal, and neither key nor text', async () => {
    await using server = await answering(429, '{"error":"quota"}', { 'retry-after': '7' });

    const error: unknown = await embedderAt(server.url, { apiKey: 'secret' })
      .embed(['private text'])
      .catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'ERR_EMBEDDING_FAILED', status: 429, retryAfterMs: 7_000 });
    expect(String(error)).not.toMatch(/secret|private/);
  });

  it('does not follow a redirect', async () => {
    await using elsewhere = await upstream();
    await using server = await answering(307, '', { location: `${elsewhere.url}/v1/embeddings` });

    await expect(embedderAt(server.url).embed(['x'])).rejects.toMatchObject({ code: 'ERR_EMBEDDING_FAILED' });
    expect(elsewhere.requests).toBe(0);
  });

  it('fails when nobody listens', async () => {
    const server = await upstream();
    await server[Symbol.asyncDispose]();

    await expect(embedderAt(server.url).embed(['x'])).rejects.toMatchObject({ code: 'ERR_EMBEDDING_FAILED' });
  });

  it('ends with the signal’s reason while it waits for an upstream that hangs', async () => {
    await using server = await upstream();
    await turn(server.url, { position: 'hanging' });
    const controller = new AbortController();

    const call = embedderAt(server.url).embed(['x'], { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('gave up')), 20);

    await expect(call).rejects.toThrow('gave up');
  });

  it.each([
    ['baseUrl', { baseUrl: 'ftp://example.org' }],
    ['baseUrl', { baseUrl: 'no url' }],
    ['model', { model: '' }],
    ['dimensions', { dimensions: 0 }],
    ['apiKey', { apiKey: '' }],
  ])('refuses a bad %s', (option, options) => {
    expect(() => embedderAt('http://127.0.0.1', options)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', option }),
    );
  });
});

describe('startUpstream', () => {
  const ask = (url: string, body: unknown = { input: 'one' }): Promise<Response> =>
    fetch(`${url}/v1/embeddings`, { method: 'POST', body: JSON.stringify(body) });

  it('is broken and mended by its dial', async () => {
    await using server = await upstream();
    expect((await ask(server.url)).status).toBe(200);

    expect(await (await turn(server.url, { position: 'failing' })).json()).toMatchObject({
      position: 'failing',
    });
    expect((await ask(server.url)).status).toBe(500);

    await turn(server.url, { position: 'healthy' });
    expect((await ask(server.url)).status).toBe(200);
    expect(server.dial.position).toBe('healthy');
  });

  it('takes as much longer at slow as the dial says', async () => {
    await using server = await upstream();
    await turn(server.url, { position: 'slow', slowByMs: 120 });
    const startedAt = performance.now();

    expect((await ask(server.url)).status).toBe(200);

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(119);
  });

  it('works on as many requests at once as it is allowed, lets others wait, and turns the rest away', async () => {
    await using server = await upstream({ concurrency: 1, maxQueued: 1, serviceTimeMs: 100 });
    for (let round = 0; round < 2; round += 1) {
      const startedAt = performance.now();

      const answers = await Promise.all([ask(server.url), ask(server.url), ask(server.url)]);

      expect(answers.map(({ status }) => status).toSorted((x, y) => x - y)).toEqual([200, 200, 503]);
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(198);
    }
  });

  it.each([
    ['a position that does not exist', { position: 'sleepy' }],
    ['a negative delay', { slowByMs: -1 }],
    ['no object', 'slow'],
    ['null', null],
  ])('refuses to turn the dial to %s', async (_, body) => {
    await using server = await upstream();

    expect((await turn(server.url, body)).status).toBe(400);
    expect(server.dial.position).toBe('healthy');
  });

  it('refuses what is no request for vectors', async () => {
    await using server = await upstream();

    expect((await ask(server.url, { input: 7 })).status).toBe(400);
    expect((await ask(server.url, { input: 'x'.repeat(1_048_577) })).status).toBe(400);
    expect((await fetch(`${server.url}/elsewhere`)).status).toBe(404);
  });

  it('runs as a process of its own that says where it listens and ends when told', async () => {
    const main = fileURLToPath(new URL('../../src/embedding/upstream-main.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@holdfast/source', main], {
      env: { ...process.env, PORT: '0', SERVICE_TIME_MS: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { url } = JSON.parse(line) as { url: string };

    const [vector] = await embedderAt(url).embed(['validation of a schema']);
    child.kill('SIGTERM');

    expect(vector?.some((value) => value !== 0)).toBe(true);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
