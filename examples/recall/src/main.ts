import { InvalidOptionError } from '@holdfast/core';
import { readConfig } from './service/config.ts';
import { createLog } from './service/log.ts';
import { startService } from './service/service.ts';

/** Starts the service from the environment and stops it, in order, on the first signal. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  const service = await startService({ config, log });
  log.info(
    { url: service.url, storage: service.recall.storage.name, redis: config.redisUrl !== undefined },
    'recall is ready',
  );

  const stop = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'stopping');
    void service[Symbol.asyncDispose]().then(() => log.info('stopped'));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof InvalidOptionError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
