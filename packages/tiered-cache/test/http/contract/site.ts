import { request as httpRequest } from 'node:http';
import type { Readable } from 'node:stream';

import { ManualClock } from '@holdfast/core/testing';
import { createCache, type TieredCache } from '@holdfast/tiered-cache';
import { type ResponseCache, responseCache, type ResponseCacheOptions } from '@holdfast/tiered-cache/http';

/** A request as a page sees it. */
export interface Visit {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** What a page answers. A stream is sent in parts, its end not known in advance. */
export interface Page {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer | Readable;
}

/** Answers every request of a site; what it throws becomes a failure of the framework. */
export type Pages = (visit: Visit) => Page | Promise<Page>;

/** What a client gets. */
export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A server whose pages are answered from a response cache. */
export interface Site {
  ask(path: string, question?: Question): Promise<Reply>;
  close(): Promise<void>;
}

export interface Rig {
  readonly clock: ManualClock;
  readonly cache: TieredCache;
  readonly responses: ResponseCache<never>;
}

export type RigOptions = Partial<ResponseCacheOptions<never>>;

/** A response cache in a real cache, both on a clock that stands still. */
export function setUp(options: RigOptions = {}): Rig {
  const clock = new ManualClock();
  const cache = createCache({ namespace: 'site', ttlMs: 1_000, clock });
  const responses = responseCache<never>({
    cache,
    ttlMs: 60_000,
    cacheStatus: 'Holdfast',
    clock,
    ...options,
  });
  return { clock, cache, responses };
}

/** Pages that count how often each was asked for. */
export function counted(pages: Pages): Pages & { runs: number } {
  const counting = (visit: Visit): Page | Promise<Page> => {
    counting.runs += 1;
    return pages(visit);
  };
  counting.runs = 0;
  return counting;
}

/** Asks a server over a socket of its own. */
export function askOver(
  port: number,
  path: string,
  { method = 'GET', headers, signal }: Question = {},
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const options = {
    port,
    path,
    method,
    headers: { ...headers },
    agent: false,
    ...(signal === undefined ? {} : { signal }),
  };
  const asked = httpRequest(options, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('error', reject);
    response.on('end', () => {
      const lines = Object.entries(response.headers).map(
        ([name, value]) => [name, value?.toString()] as const,
      );
      resolve({
        status: Number(response.statusCode),
        reason: String(response.statusMessage),
        headers: Object.fromEntries(lines),
        body: Buffer.concat(parts).toString('latin1'),
      });
    });
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}
