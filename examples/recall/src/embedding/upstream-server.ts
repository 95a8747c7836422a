import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, duration, systemClock, wholeNumber } from '@holdfast/core';

import { type Dial, turned } from './dial.ts';
import type { Embedder } from './embedder.ts';
import { Slots } from './slots.ts';

export interface UpstreamOptions {
  /** Makes the vectors that are served. */
  readonly embedder: Embedder;
  /** Defaults to 0: a free port. */
  readonly port?: number | undefined;
  /** How long a request is worked on, in milliseconds. Defaults to 20. */
  readonly serviceTimeMs?: number | undefined;
  /** How many requests are worked on at once; others wait in line. Defaults to 16. */
  readonly concurrency?: number | undefined;
  /** How many requests may wait in line; others are answered 503. Defaults to 256. */
  readonly maxQueued?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** A running upstream. */
export interface Upstream extends AsyncDisposable {
  readonly url: string;
  readonly dial: Dial;
  /** Requests for vectors that came in so far, whatever became of them. */
  readonly requests: number;
}

const maxBodyBytes = 1_048_576;

/**
 * Serves `POST /v1/embeddings` as OpenAI does, on loopback, from a local embedder; and `POST /dial`, by which a demo
 * breaks it while it runs: `{ "position": "healthy" | "failing" | "hanging" | "slow", "slowByMs": 2000 }`.
 */
export async function startUpstream(options: UpstreamOptions): Promise<Upstream> {
  const handler = new UpstreamHandler(options);
  const server = createServer((request, response) => void handler.handle(request, response));
  server.listen(wholeNumber('port', options.port ?? 0, 0, 65_535), '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get dial() {
      return handler.dial;
    },
    get requests() {
      return handler.requests;
    },
    [Symbol.asyncDispose]: () => stop(server),
  };
}

/** Requests that hang are cut off. */
async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

class UpstreamHandler {
  dial: Dial = { position: 'healthy', slowByMs: 2_000 };
  requests = 0;
  readonly #embedder: Embedder;
  readonly #serviceTimeMs: number;
  readonly #slots: Slots;
  readonly #clock: Clock;

  constructor(options: UpstreamOptions) {
    this.#embedder = options.embedder;
    this.#serviceTimeMs = duration('serviceTimeMs', options.serviceTimeMs ?? 20);
    this.#slots = new Slots(options.concurrency ?? 16, options.maxQueued ?? 256);
    this.#clock = options.clock ?? systemClock;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const route = `${request.method} ${request.url}`;
      if (route === 'GET /dial') send(response, 200, this.dial);
      else if (route === 'POST /dial') this.#turn(await bodyOf(request), response);
      else if (route === 'POST /v1/embeddings') await this.#embeddings(request, response);
      else fail(response, 404, 'no such route');
    } catch {
      fail(response, 400, 'the body is no JSON of at most 1 MiB');
    }
  }

  #turn(body: unknown, response: ServerResponse): void {
    const dial = turned(this.dial, body);
    if (dial === undefined) return fail(response, 400, 'no such position');
    this.dial = dial;
    send(response, 200, dial);
  }

  async #embeddings(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const { model, input } = (await bodyOf(request)) as { model?: unknown; input?: unknown };
    const texts = typeof input === 'string' ? [input] : input;
    if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string'))
      return fail(response, 400, 'input must be a string or an array of strings');
    if (this.dial.position === 'hanging') return;
    const release = await this.#slots.take();
    if (release === undefined) return fail(response, 503, 'too many requests wait', { 'retry-after': '1' });
    try {
      await this.#work();
      if (this.dial.position === 'failing') return fail(response, 500, 'the dial is at failing');
      send(response, 200, { object: 'list', model, data: await this.#data(texts), usage: usage(texts) });
    } finally {
      release();
    }
  }

  #work(): Promise<void> {
    const { position, slowByMs } = this.dial;
    const workMs = this.#serviceTimeMs + (position === 'slow' ? slowByMs : 0);
    return new Promise((resolve) => this.#clock.schedule(resolve, workMs));
  }

  async #data(texts: readonly string[]): Promise<readonly object[]> {
    const vectors = await this.#embedder.embed(texts);
    return vectors.map((vector, index) => ({ object: 'embedding', index, embedding: [...vector] }));
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBodyBytes) throw new RangeError('the body is too long');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
}

/** Four characters to a token: the provider's own rule of thumb. */
function usage(texts: readonly string[]): { readonly prompt_tokens: number; readonly total_tokens: number } {
  const tokens = Math.ceil(texts.reduce((sum, text) => sum + text.length, 0) / 4);
  return { prompt_tokens: tokens, total_tokens: tokens };
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function fail(
  response: ServerResponse,
  status: number,
  message: string,
  headers?: Record<string, string>,
): void {
  send(response, status, { error: { message, type: 'upstream_error' } }, headers);
}
