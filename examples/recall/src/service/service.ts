import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '@holdfast/core';
import type { Degradation } from '@holdfast/degradation';
import { SqliteJobQueue } from '@holdfast/jobs/sqlite';
import { openDatabase } from '@holdfast/persistence';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { Embeddings } from '../domain/embeddings.ts';
import { Recall } from '../domain/recall.ts';
import { createApp } from '../http/app.ts';
import { SqlStorage } from '../storage/sql-storage.ts';
import { type Caches, openCaches } from './caching.ts';
import { CallScope } from './call-scope.ts';
import type { Config } from './config.ts';
import { openItems } from './database.ts';
import { identityOf } from './database-identity.ts';
import { createDegradation, type Tempo } from './degradation.ts';
import { EmbeddingJobs } from './embedding-jobs.ts';
import type { Feature } from './features.ts';
import { GuardedDatabase } from './guarded-database.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import { Memory } from './memory.ts';
import { type Models, openModels } from './models.ts';
import { Monitoring } from './monitoring.ts';
import { createPolicies, type Policies } from './policies.ts';
import { connectRedis, watchRedis } from './redis.ts';
import { Resources } from './resources.ts';

/** The running service, with its parts for whoever wants to look inside. */
export interface Service extends AsyncDisposable {
  readonly url: string;
  readonly app: FastifyInstance;
  readonly recall: Recall;
  readonly caches: Caches;
  readonly limiter: Limiter;
  readonly degradation: Degradation<Feature>;
  readonly policies: Policies;
  readonly monitoring: Monitoring;
  readonly jobs: EmbeddingJobs;
}

export interface ServiceOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Defaults to what suits production. */
  readonly tempo?: Tempo | undefined;
}

/** Puts the service together and listens. What it cannot do without fails here; servers it can do without may come later. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { config, log } = options;
  for (const warning of config.warnings) log.warn(warning);
  await mkdir(config.dataDirectory, { recursive: true });
  const resources = new Resources();
  try {
    return await assemble(options, resources);
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

async function assemble({ config, log, tempo }: ServiceOptions, resources: Resources): Promise<Service> {
  const redis =
    config.redisUrl === undefined ? undefined : resources.own(await connectRedis(config.redisUrl, log));
  const policies = createPolicies(config);
  const scope = new CallScope();
  const database = resources.own(await openItems(config, log));
  const storage = new SqlStorage(new GuardedDatabase(database, policies.database.policy, scope));
  const models = openModels(config, policies);
  const recall = new Recall({ storage, local: models.local, remote: models.remote });
  const caches = openCaches(config, await identityOf(config), redis?.client, resources);
  const limiter = createLimiter(config.limits, redis?.client);
  if (redis !== undefined) watchRedis(redis, caches, limiter);
  const degradation = resources.own(createDegradation(policies.database, tempo));
  const jobs = resources.own(openJobs(config, recall, models, log, resources));
  const monitoring = resources.own(
    new Monitoring({ policies, caches, limiter, degradation, storage, queue: jobs.queue }),
  );
  const memory = new Memory({
    recall,
    caches,
    degradation,
    requests: policies.requests,
    scope,
    embedLater: (user) => jobs.request(user),
  });
  const app = createApp({ memory, limiter, degradation, monitoring, log });

  degradation.start();
  monitoring.start();
  resources.own({ [Symbol.asyncDispose]: () => stop(app, monitoring, config.stopMs) });
  await app.listen({ host: config.host, port: config.port });
  const dispose = (): Promise<void> => resources[Symbol.asyncDispose]();
  return {
    url: urlOf(app, config.host),
    app,
    recall,
    caches,
    limiter,
    degradation,
    policies,
    monitoring,
    jobs,
    [Symbol.asyncDispose]: dispose,
  };
}

function openJobs(
  config: Config,
  { storage, vectors: index }: Recall,
  { local, remoteForJobs: remote }: Models,
  log: Logger,
  resources: Resources,
): EmbeddingJobs {
  // Full durability: an acknowledged job survives a power cut.
  const database = resources.own(
    openDatabase({ file: join(config.dataDirectory, 'jobs.db'), name: 'jobs', durability: 'full' }),
  );
  const queue = new SqliteJobQueue(database, { name: 'embedding' });
  const embeddings = remote && new Embeddings({ storage, index, local, remote });
  return new EmbeddingJobs({ queue, embeddings, log });
}

function urlOf(app: FastifyInstance, host: string): string {
  const { port } = app.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Takes no more connections and answers the requests that are there. */
async function stop(app: FastifyInstance, { health }: Monitoring, longestMs: number): Promise<void> {
  health.drain();
  const cancel = systemClock.schedule(() => app.server.closeAllConnections(), longestMs);
  await app.close();
  cancel();
}
