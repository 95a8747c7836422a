import type { Connection, Driver } from './driver.ts';
import type { BackupManifest } from './manifest.ts';
import { readLedger } from './migration-ledger.ts';
import { pragma, sqliteVersion } from './pragmas.ts';

/** What the engine says about a database file that nobody writes to. */
export interface Inspection extends Pick<
  BackupManifest,
  'sqliteVersion' | 'userVersion' | 'migrations' | 'rows' | 'foreignKeyViolations'
> {
  /** What `integrity_check` found, empty if it found nothing. */
  readonly damage: readonly string[];
  readonly pageSize: number;
}

/** Reads the whole file by the engine. Blocks the event loop: about a millisecond per megabyte. */
export function inspect(driver: Driver, file: string): Inspection {
  return withConnection(driver, file, { readOnly: true }, (connection) => ({
    damage: damageOf(connection),
    sqliteVersion: sqliteVersion(connection),
    userVersion: Number(pragma(connection, 'user_version')),
    pageSize: Number(pragma(connection, 'page_size')),
    migrations: readLedger(connection).map(({ id }) => id),
    rows: rowsOf(connection),
    foreignKeyViolations: connection.prepare('PRAGMA foreign_key_check').all().length,
  }));
}

/** Opens a file, and closes it whatever happens. */
export function withConnection<T>(
  driver: Driver,
  file: string,
  options: Parameters<Driver['open']>[1],
  work: (connection: Connection) => T,
): T {
  const connection = driver.open(file, options);
  try {
    return work(connection);
  } finally {
    connection.close();
  }
}

/** The check succeeds as a statement whatever it finds: its rows are the answer. */
export function damageOf(connection: Pick<Connection, 'prepare'>): string[] {
  const rows = connection.prepare<{ integrity_check: string }>('PRAGMA integrity_check').all();
  return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok');
}

function rowsOf(connection: Connection): Record<string, number> {
  const tables = connection
    .prepare<{ name: string }>(
      `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
    )
    .all();
  const count = (name: string): number =>
    connection.prepare<{ rows: number }>(`SELECT count(*) AS rows FROM "${name.replaceAll('"', '""')}"`).get()
      ?.rows ?? 0;
  return Object.fromEntries(tables.map(({ name }) => [name, count(name)]));
}
