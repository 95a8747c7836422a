import { byField, type ComponentKind, metricsOf } from './component.ts';

/** What is read of a SQLite database's statistics. */
interface DatabaseStatistics {
  readonly committed?: number;
  readonly rolledBack?: number;
  readonly fileBytes?: number;
  readonly walBytes?: number;
}

const { counter, gauge } = metricsOf<DatabaseStatistics>('database');

export const database: ComponentKind = {
  component: 'database',
  metrics: [
    counter('database_transactions_total', 'Outermost transactions: committed, rolled_back', (statistics) => {
      const { committed, rolledBack } = statistics;
      return byField('outcome', { committed, rolledBack });
    }),
    gauge('database_file_size_bytes', 'Size of the file', ({ fileBytes }) => [[fileBytes]]),
    gauge('database_wal_size_bytes', 'Size of the write-ahead log', ({ walBytes }) => [[walBytes]]),
  ],
};
