// Migrates a database as soon as a file says so: `<engine> <file> <start>`. Says what it applied.
import { existsSync } from 'node:fs';

import { migrate, type Migration, openDatabase } from '@holdfast/persistence';
import { engine } from '../engines.ts';

const [name, file = '', start = ''] = process.argv.slice(2);
const migrations: Migration[] = Array.from({ length: 10 }, (_, index) => ({
  id: `m${index}`,
  up: (database) => {
    database.exec(`CREATE TABLE t${index} (a)`);
    for (let row = 0; row < 2_000; row += 1) database.exec(`INSERT INTO t${index} VALUES (${row})`);
  },
}));

console.log('ready');
while (!existsSync(start)) await new Promise(setImmediate);
const database = openDatabase({ file, driver: engine(name) });
const report = await migrate(database, migrations);
console.log(`applied ${report.migrations.join(' ')}`);
database[Symbol.dispose]();
