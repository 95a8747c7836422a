/**
 * The queue on SQLite: durable, shared by the processes of one machine.
 *
 * @module
 */
export { QueueBusyError, QueueSchemaError } from './errors.ts';
export type { SqlDatabase, SqlParameters, SqlStatement } from './sql-database.ts';
export { SqliteJobQueue } from './sqlite-job-queue.ts';
