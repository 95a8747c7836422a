import { hours, minutes, oneOf, text, wholeNumber } from '@holdfast/core';
import type { HttpEmbedderOptions } from '../embedding/http-embedder.ts';
import { checkedUrl, type UrlForm, urlForms } from './server-url.ts';

/** Everything that the environment decides. */
export interface Config {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Folder of the embedded database and cache. */
  readonly dataDirectory: string;
  /** Joins as shared cache and shared rate limit; without it both are in the process. */
  readonly redisUrl: string | undefined;
  /** Joins as the store of items; without it they are in SQLite. */
  readonly databaseUrl: string | undefined;
  /** A service that speaks OpenAI's embeddings API; without it vectors are computed here. */
  readonly embedding: HttpEmbedderOptions | undefined;
  /** How long a cached answer is fresh, in milliseconds: in any tier, and in memory until the others are asked again. */
  readonly answerTtlMs: number;
  readonly memoryTtlMs: number;
  readonly limits: LimitProfile;
  readonly logLevel: string;
  /** How long the service still takes requests after it was told to stop, so that whoever sends them can notice. */
  readonly drainMs: number;
  /** After this longest time, what is still connected is cut off: it sends or reads too slowly to be waited for. */
  readonly stopMs: number;
  /** What was left out because it could not be used, one sentence each. */
  readonly warnings: readonly string[];
}

/** Requests in any window of that length: of one user, of one user's expensive calls, and of all users together. */
export interface LimitProfile {
  readonly windowMs: number;
  readonly user: number;
  readonly expensive: number;
  readonly global: number;
}

const profiles = {
  default: { windowMs: minutes(1), user: 100, expensive: 20, global: 12_000 },
  small: { windowMs: minutes(1), user: 100, expensive: 20, global: 1_000 },
} as const satisfies Record<string, LimitProfile>;

/**
 * Reads the environment. What the service cannot start with, or would put data in the wrong place, is refused by an error
 * that names the variable; a server that it can do without becomes a warning.
 *
 * @throws {InvalidOptionError} naming the variable, what it must be and what it is.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = (name: string): string | undefined =>
    environment[name] === '' ? undefined : environment[name];
  const warnings: string[] = [];
  const serverUrl = (name: string, form: UrlForm): string | undefined => {
    try {
      return checkedUrl(name, given(name), form);
    } catch (error) {
      warnings.push(`${(error as Error).message}; the service runs without it`);
      return undefined;
    }
  };
  const embeddingUrl = serverUrl('EMBEDDING_URL', urlForms.http);
  const profile = oneOf('RECALL_PROFILE', given('RECALL_PROFILE') ?? 'default', ['default', 'small']);

  return {
    host: text('HOST', given('HOST') ?? '127.0.0.1'),
    port: wholeNumber('PORT', numberOf(given('PORT') ?? '3000'), 0, 65_535),
    dataDirectory: text('RECALL_DATA', given('RECALL_DATA') ?? '.recall'),
    redisUrl: serverUrl('REDIS_URL', urlForms.redis),
    databaseUrl: checkedUrl('DATABASE_URL', given('DATABASE_URL'), urlForms.postgres),
    embedding:
      embeddingUrl === undefined
        ? undefined
        : {
            baseUrl: embeddingUrl,
            apiKey: given('EMBEDDING_KEY'),
            model: text('EMBEDDING_MODEL', given('EMBEDDING_MODEL') ?? 'text-embedding-3-small'),
            dimensions: 512,
          },
    answerTtlMs: hours(1),
    memoryTtlMs: minutes(5),
    limits: profiles[profile],
    drainMs: wholeNumber('DRAIN_MS', numberOf(given('DRAIN_MS') ?? '500'), 0, 60_000),
    stopMs: wholeNumber('STOP_MS', numberOf(given('STOP_MS') ?? '12000'), 0, 600_000),
    logLevel: oneOf('LOG_LEVEL', given('LOG_LEVEL') ?? 'info', [
      'trace',
      'debug',
      'info',
      'warn',
      'error',
      'fatal',
      'silent',
    ]),
    warnings,
  };
}

/** Digits only: `Number` would take '' for 0 and '0x10' for 16. */
const numberOf = (value: string): number | string => (/^\d+$/.test(value) ? Number(value) : value);
