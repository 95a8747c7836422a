// Starts a migration that never ends: `<engine> <file>`. Says when it is in the middle.
import { migrate, openDatabase } from '@holdfast/persistence';
import { engine } from '../engines.ts';

const [name, file = ''] = process.argv.slice(2);
const database = openDatabase({ file, driver: engine(name), cacheBytes: 0 });
await migrate(database, [
  { id: 'whole', up: 'CREATE TABLE whole (a)' },
  {
    id: 'half',
    up: (on) => {
      on.exec('CREATE TABLE half (a); CREATE INDEX half_a ON half (a)');
      for (let row = 0; ; row += 1) {
        on.exec(`INSERT INTO half VALUES (randomblob(1000))`);
        if (row === 5_000) console.log('in the middle');
      }
    },
  },
]);
