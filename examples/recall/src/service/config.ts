import { hours, minutes, oneOf, text, wholeNumber } from '@holdfast/core';
import type { HttpEmbedderOptions } from '../embedding/http-embedder.ts';

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
 * Reads the environment. What the service cannot start with is refused by an error that names the variable;
 * a server that it can do without becomes a warning.
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = (name: string): string | undefined =>
    environment[name] === '' ? undefined : environment[name];
  const warnings: string[] = [];
  const serverUrl = (name: string, protocols: readonly string[]): string | undefined => {
    const url = given(name);
    if (url === undefined || isUrlOf(url, protocols)) return url;
    const forms = protocols.map((protocol) => `${protocol}//host:port`).join(' or ');
    warnings.push(
      `${name} must be a URL of the form ${forms}, got '${withoutCredentials(url)}'; the service runs without it`,
    );
    return undefined;
  };
  const embeddingUrl = serverUrl('EMBEDDING_URL', ['http:', 'https:']);
  const profile = oneOf('RECALL_PROFILE', given('RECALL_PROFILE') ?? 'default', ['default', 'small']);

  return {
    host: text('HOST', given('HOST') ?? '127.0.0.1'),
    port: wholeNumber('PORT', numberOf(given('PORT') ?? '3000'), 0, 65_535),
    dataDirectory: text('RECALL_DATA', given('RECALL_DATA') ?? '.recall'),
    redisUrl: serverUrl('REDIS_URL', ['redis:', 'rediss:']),
    databaseUrl: serverUrl('DATABASE_URL', ['postgres:', 'postgresql:']),
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

function isUrlOf(value: string, protocols: readonly string[]): boolean {
  return URL.canParse(value) && protocols.includes(new URL(value).protocol);
}

/** A password may stand even in a URL that is malformed, and must not reach a log. */
const withoutCredentials = (url: string): string => url.replace(/\/\/[^/]*@/, '//***@');
