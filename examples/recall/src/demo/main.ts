/** The demo: a real service, a real outage, measured. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seconds, systemClock } from '@holdfast/core';
import { type Config, readConfig } from '../service/config.ts';
import type { Tempo } from '../service/degradation.ts';
import { createLog } from '../service/log.ts';
import { type Service, startService } from '../service/service.ts';
import { Resources } from '../service/resources.ts';
import { Child } from './child.ts';
import { loadLibrary } from './load-library.ts';
import { Narrator } from './narrator.ts';
import { resultTable } from './phase-result.ts';
import { recoveries } from './recoveries.ts';
import { runTour } from './tour.ts';
import { DemoUpstream } from './upstream.ts';
import { shortcomings } from './verdict.ts';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** What takes minutes in production takes seconds here. */
const tempo: Tempo = {
  smoothing: { downHalfLifeMs: 500 },
  levels: { reduced: { dwellMs: 1_000, exitMs: 1_000 }, critical: { dwellMs: 1_000, exitMs: 1_000 } },
  recovery: { stepMs: 500, holdOffMs: 500, admissionMs: 1_000 },
};

function demoConfig(dataDirectory: string, upstreamUrl: string): Config {
  const environment = {
    ...process.env,
    PORT: '0',
    LOG_LEVEL: 'warn',
    RECALL_DATA: dataDirectory,
    EMBEDDING_URL: upstreamUrl,
  };
  return {
    ...readConfig(environment),
    answerTtlMs: seconds(5),
    memoryTtlMs: seconds(3),
    limits: { windowMs: seconds(2), user: 90, expensive: 45, global: 1_000 },
  };
}

/** Loading the library was a load of its own. */
async function untilCalm({ degradation }: Service): Promise<void> {
  while (degradation.level !== 'normal' || degradation.statistics().featuresDisabled > 0)
    await new Promise<void>((resolve) => systemClock.schedule(resolve, 100));
}

async function main(resources: Resources): Promise<readonly string[]> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'recall-'));
  resources.own({ [Symbol.asyncDispose]: () => rm(dataDirectory, { recursive: true, force: true }) });
  const upstream = resources.own(await DemoUpstream.start());
  const config = demoConfig(dataDirectory, upstream.url);
  const service = resources.own(await startService({ config, log: createLog(config.logLevel), tempo }));
  print(
    `Recall listens on ${service.url}, keeps its items in ${service.recall.storage.name} and asks ${upstream.url} for embeddings.`,
  );

  const source = await loadLibrary(service, systemClock);
  await untilCalm(service);
  const load = resources.own(new Child('load-process.ts'));
  load.send({ start: { origin: service.url, source } });
  const narrator = resources.own(new Narrator(print));
  narrator.watch(service);
  const results = await runTour({ service, upstream, load, narrator });

  print(`\n${resultTable(results)}\n`);
  for (const line of recoveries(results, narrator)) print(line);
  return shortcomings(results, narrator.told);
}

const resources = new Resources();
try {
  const missing = await main(resources);
  for (const each of missing) print(`Not as it should be: ${each}.`);
  if (missing.length > 0) process.exitCode = 1;
} finally {
  await resources[Symbol.asyncDispose]();
}
