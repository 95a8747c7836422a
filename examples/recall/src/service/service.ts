import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Degradation } from '@holdfast/degradation';
import { SqliteJobQueue } from '@holdfast/jobs/sqlite';
import { openDatabase } from '@holdfast/persistence';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { loadCorpus } from '../corpus/corpus.ts';
import { Recall } from '../domain/recall.ts';
import { HashingEmbedder } from '../embedding/hashing-embedder.ts';
import { HttpEmbedder } from '../embedding/http-embedder.ts';
import { TermWeights } from '../embedding/term-weights.ts';
import { createApp } from '../http/app.ts';
import { SqlStorage } from '../storage/sql-storage.ts';
import { type Caches, openCaches } from './caching.ts';
import type { Config } from './config.ts';
import { openItems } from './database.ts';
import { createDegradation, type Tempo } from './degradation.ts';
import { EmbeddingJobs } from './embedding-jobs.ts';
import type { Feature } from './features.ts';
import { GuardedDatabase } from './guarded-database.ts';
import { GuardedEmbedder } from './guarded-embedder.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import { Memory } from './memory.ts';
import { Monitoring } from './monitoring.ts';
import { createPolicies, type Policies } from './policies.ts';
import { connectRedis } from './redis.ts';
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
  const redis = config.redisUrl === undefined ? undefined : connectRedis(config.redisUrl, log);
  if (redis !== undefined) resources.own({ [Symbol.dispose]: () => redis.disconnect() });
  const policies = createPolicies();
  const recall = resources.own(await openRecall(config, policies, log));
  const caches = openCaches(config, redis, resources);
  const degradation = resources.own(createDegradation(policies.database, tempo));
  const limiter = createLimiter(config.limits, redis);
  const jobs = resources.own(openJobs(config, recall, log, resources));
  const monitoring = resources.own(
    new Monitoring({ policies, caches, limiter, degradation, storage: recall.storage, queue: jobs.queue }),
  );
  const memory = new Memory({
    recall,
    caches,
    degradation,
    requests: policies.requests,
    changed: (user) => jobs.request(user),
  });
  const app = createApp({ memory, limiter, degradation, monitoring, log });

  degradation.start();
  jobs.start();
  monitoring.start();
  resources.own({ [Symbol.asyncDispose]: () => app.close() });
  await app.listen({ host: config.host, port: config.port });
  const { port } = app.server.address() as AddressInfo;
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  const dispose = (): Promise<void> => resources[Symbol.asyncDispose]();
  return {
    url,
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

async function openRecall(config: Config, policies: Policies, log: Logger): Promise<Recall> {
  const { sections } = loadCorpus();
  const local = new HashingEmbedder(TermWeights.of(sections.map(({ title, body }) => `${title}\n${body}`)));
  const database = await openItems(config, log);
  const storage = new SqlStorage(new GuardedDatabase(database, policies.database.policy));
  const remote =
    config.embedding && new GuardedEmbedder(new HttpEmbedder(config.embedding), policies.embedding.policy);
  return new Recall({ storage, local, remote });
}

function openJobs(config: Config, recall: Recall, log: Logger, resources: Resources): EmbeddingJobs {
  // Full durability: an acknowledged job survives a power cut.
  const database = resources.own(
    openDatabase({ file: join(config.dataDirectory, 'jobs.db'), name: 'jobs', durability: 'full' }),
  );
  return new EmbeddingJobs({
    queue: new SqliteJobQueue(database, { name: 'embedding' }),
    recall,
    log,
    enabled: config.embedding !== undefined,
  });
}
