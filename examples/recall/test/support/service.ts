import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { minutes } from '@holdfast/core';
import { type Logger, pino } from 'pino';

import { draftOf } from '../../src/corpus/corpus.ts';
import type { ItemImport } from '../../src/domain/items.ts';
import { type Config, readConfig } from '../../src/service/config.ts';
import { type Service, type ServiceOptions, startService } from '../../src/service/service.ts';
import { type UserId, userId } from '../../src/domain/user-id.ts';
import { theCorpus } from './fixtures.ts';

/** What the service wrote to its log. */
export interface LogLine {
  /** 30 is info, 40 a warning, 50 an error. */
  readonly level: number;
  readonly msg?: string;
  readonly [field: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed if it is JSON of any kind. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look at whatever came
  readonly body: any;
}

export interface AskOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Asks as one user. */
export type Ask = (method: string, path: string, options?: AskOptions) => Promise<Answer>;

export interface ServiceFixture extends AsyncDisposable {
  readonly service: Service;
  readonly config: Config;
  readonly lines: readonly LogLine[];
  /** Lines of at least that level, as text. */
  told(level: number): readonly string[];
  as(user: string): Ask;
}

/** Far above what a test sends. */
const noLimits = { windowMs: minutes(1), user: 1e6, expensive: 1e6, global: 1e6 };

export interface FixtureOptions extends Omit<ServiceOptions, 'config' | 'log'> {
  readonly environment?: Readonly<Record<string, string>>;
  readonly config?: Partial<Config>;
}

/** The whole service on a port of its own, with its files in a folder that goes with it. */
export async function aService(options: FixtureOptions = {}): Promise<ServiceFixture> {
  const { environment, config: changes, ...rest } = options;
  const folder = await mkdtemp(join(tmpdir(), 'recall-'));
  const config: Config = {
    ...readConfig({ PORT: '0', RECALL_DATA: folder, ...environment }),
    limits: noLimits,
    ...changes,
  };
  const { log, lines } = aLog();
  const service = await startService({ config, log, ...rest });
  // How busy the machine is that runs the tests must not decide about them.
  service.degradation.force('normal', minutes(10));
  return {
    service,
    config,
    lines,
    told: (level) => lines.filter((line) => line.level >= level).map(({ msg }) => msg ?? ''),
    as: (user) => askAs(service.url, user),
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A log that is kept. */
export function aLog(): { readonly log: Logger; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as LogLine);
  return { log: pino({ level: 'info' }, { write }), lines };
}

export const askAs =
  (origin: string, user: string): Ask =>
  async (method, path, { body, headers, signal } = {}) => {
    const response = await fetch(origin + path, {
      method,
      headers: {
        'x-user-id': user,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
    const text = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  };

/** Gives the user the first `count` sections of the documentation; returns their ids by source. */
export async function loadSections(
  { recall }: Service,
  user: string,
  count: number,
): Promise<ReadonlyMap<string, string>> {
  const drafts = theCorpus().corpus.sections.slice(0, count).map(draftOf);
  const ids = new Map<string, string>();
  for (let start = 0; start < drafts.length; start += 100) {
    const batch = drafts.slice(start, start + 100);
    const owner: UserId = userId(user);
    const imported: readonly ItemImport[] = await recall.items.import(owner, batch);
    for (const [index, one] of imported.entries())
      ids.set(batch[index]?.source ?? '', one.outcome === 'created' ? one.item.id : one.itemId);
  }
  return ids;
}
