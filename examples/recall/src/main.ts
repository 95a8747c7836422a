/** The service: starts from the environment and stops, in order, on the first signal. */
import { InvalidOptionError, isHoldfastError, systemClock } from '@holdfast/core';
import type { Logger } from 'pino';
import { readConfig } from './service/config.ts';
import { createLog } from './service/log.ts';
import { type Service, startService } from './service/service.ts';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  const service = await startService({ config, log });
  log.info(
    { url: service.url, storage: service.recall.storage.name, redis: config.redisUrl !== undefined },
    'recall is ready',
  );

  const { promise: told, resolve } = Promise.withResolvers<NodeJS.Signals>();
  process.once('SIGINT', resolve);
  process.once('SIGTERM', resolve);
  log.info({ signal: await told }, 'stopping');
  await stop(service, config.drainMs, log);
}

/** Goes on answering for a while, so that whoever sends requests notices and sends them elsewhere; then closes everything. */
async function stop(service: Service, drainMs: number, log: Logger): Promise<void> {
  service.monitoring.health.drain();
  await new Promise<void>((resolve) => systemClock.schedule(resolve, drainMs));
  await service[Symbol.asyncDispose]();
  log.info('stopped');
}

/** What the operator has to mend, such as a wrong setting or a port that is taken, is told in a line; a mistake of ours in full. */
const isOperators = (error: unknown): error is Error =>
  error instanceof InvalidOptionError ||
  isHoldfastError(error) ||
  (error instanceof Error && 'syscall' in error);

try {
  await main();
} catch (error) {
  process.stderr.write(`${isOperators(error) ? `recall: ${error.message}` : (error as Error).stack}\n`);
  process.exitCode = 1;
}
