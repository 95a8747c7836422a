import { join } from 'node:path';
import type { Logger } from 'pino';
import { openSqlDatabase } from '../storage/open.ts';
import { postgresDialect } from '../storage/postgres-dialect.ts';
import type { SqlDatabase } from '../storage/sql-work.ts';
import type { Config } from './config.ts';
import { LateDatabase } from './late-database.ts';
import { concurrencyOf } from './policies.ts';

export const itemsFile = ({ dataDirectory }: Pick<Config, 'dataDirectory'>): string =>
  join(dataDirectory, 'recall.db');

/** Where items are kept: in a file of our own, or in Postgres if there is an address, whether or not it answers yet. */
export async function openItems(config: Config, log: Logger): Promise<SqlDatabase> {
  const { databaseUrl } = config;
  const file = itemsFile(config);
  if (databaseUrl === undefined) return openSqlDatabase({ file });
  const maxConnections = concurrencyOf(config);
  let reported = false;
  return new LateDatabase('postgres', postgresDialect, async () => {
    try {
      const database = await openSqlDatabase({ file, databaseUrl, maxConnections });
      if (reported) log.info('postgres can be used now');
      return database;
    } catch (error) {
      if (!reported)
        log.warn(
          { reason: (error as Error).message },
          'postgres cannot be used; items can be neither read nor written until it can',
        );
      reported = true;
      throw error;
    }
  });
}
