import { InvalidOptionError, text, wholeNumber } from '@holdfast/core';

import { type Embedder, type EmbedOptions, normalise } from './embedder.ts';
import { EmbeddingFailedError } from './errors.ts';

export interface HttpEmbedderOptions {
  /** Where `/v1/embeddings` is, such as `https://api.openai.com`. Only ever taken from configuration. */
  readonly baseUrl: string;
  /** Sent as a bearer token and shown nowhere. */
  readonly apiKey?: string | undefined;
  readonly model: string;
  readonly dimensions: number;
  /** Defaults to the platform's. */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * Asks a service that speaks OpenAI's embeddings API. It makes one request per call: how long to wait, whether to try
 * again and how many may run at once is decided by the policies around it.
 */
export class HttpEmbedder implements Embedder {
  readonly model: string;
  readonly dimensions: number;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof fetch;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: HttpEmbedderOptions) {
    this.model = text('model', options.model);
    this.dimensions = wholeNumber('dimensions', options.dimensions, 1, 65_536);
    this.#url = endpoint(options.baseUrl);
    this.#headers = {
      'content-type': 'application/json',
      ...(options.apiKey !== undefined && { authorization: `Bearer ${text('apiKey', options.apiKey)}` }),
    };
    this.#fetch = options.fetch ?? fetch;
  }

  /**
   * @throws {EmbeddingFailedError} when there is no answer, or none that can be used.
   * @throws The signal's reason, when it aborts first.
   */
  async embed(texts: readonly string[], { signal }: EmbedOptions = {}): Promise<readonly Float32Array[]> {
    signal?.throwIfAborted();
    if (texts.length === 0) return [];
    const response = await this.#post(texts, signal);
    if (!response.ok) {
      await response.body?.cancel();
      const retryAfterMs = retryAfter(response.headers.get('retry-after'));
      throw this.#failure(`answered ${response.status}`, { status: response.status, retryAfterMs });
    }
    const answer = await this.#settled(response.json(), signal, 'sent no JSON');
    return this.#vectors(answer, texts.length);
  }

  #post(texts: readonly string[], signal: AbortSignal | undefined): Promise<Response> {
    const body = JSON.stringify({
      model: this.model,
      input: texts,
      dimensions: this.dimensions,
      encoding_format: 'float',
    });
    // A redirect would lead where the configuration does not.
    const init: RequestInit = { method: 'POST', headers: this.#headers, body, redirect: 'error' };
    const request = this.#fetch(this.#url, signal === undefined ? init : { ...init, signal });
    return this.#settled(request, signal, 'cannot be reached');
  }

  async #settled<T>(promise: Promise<T>, signal: AbortSignal | undefined, problem: string): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failure(problem, { cause: error });
    }
  }

  /** Believes nothing: each input has to have one vector of the right length that can be normalised. */
  #vectors(answer: unknown, count: number): readonly Float32Array[] {
    const data = (answer as { data?: unknown } | null)?.data;
    if (!Array.isArray(data) || data.length !== count) throw this.#failure('sent another number of vectors');
    const vectors = new Map<unknown, Float32Array>();
    for (const entry of data as ({ index?: unknown; embedding?: unknown } | null)[]) {
      const { index, embedding } = entry ?? {};
      if (
        !Array.isArray(embedding) ||
        embedding.length !== this.dimensions ||
        !embedding.every(Number.isFinite)
      )
        throw this.#failure(`sent something else than ${this.dimensions} numbers`);
      vectors.set(index, normalise(Float32Array.from(embedding as number[])));
    }
    return Array.from({ length: count }, (_, index) => {
      const vector = vectors.get(index);
      if (vector === undefined) throw this.#failure(`sent no vector for input ${index}`);
      return vector;
    });
  }

  #failure(
    problem: string,
    facts: { status?: number; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ): EmbeddingFailedError {
    return new EmbeddingFailedError({ model: this.model, problem, ...facts });
  }
}

function endpoint(baseUrl: string): URL {
  const base = URL.parse(baseUrl);
  if (base === null || !/^https?:$/.test(base.protocol))
    throw new InvalidOptionError('baseUrl', 'an http URL', baseUrl);
  return new URL(`${base.pathname.replace(/\/+$/, '')}/v1/embeddings`, base);
}

function retryAfter(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : undefined;
}
