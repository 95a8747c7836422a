// Restores one of two backups, then the other, for ever: `<engine> <file> <folder>`. Says when it starts with one.
import { openDatabase, restore } from '@holdfast/persistence';
import { engine } from '../engines.ts';

const [name, file = '', folder = ''] = process.argv.slice(2);
const database = openDatabase({ file, driver: engine(name) });
for (let round = 0; ; round += 1) {
  console.log(`round ${round}`);
  await restore(database, folder, round % 2 === 0 ? 'odd' : 'even');
}
