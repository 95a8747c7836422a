// Writes to the bank without pause: `<engine> <file>`. Says the number of each committed transfer, now and then.
import { openDatabase } from '@holdfast/persistence';
import { transferring } from '../bank.ts';
import { engine } from '../engines.ts';

const [name, file = ''] = process.argv.slice(2);
const database = openDatabase({ file, driver: engine(name), durability: 'normal', busyTimeoutMs: 5_000 });
const transfer = transferring(database);
for (;;) {
  let last = 0;
  for (let count = 0; count < 50; count += 1) last = transfer();
  console.log(String(last));
  await new Promise(setImmediate);
}
