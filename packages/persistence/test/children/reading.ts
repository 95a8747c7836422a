// Reads a database that others restore: `<engine> <file>`. Says each content that it sees, as one snapshot.
import { openDatabase } from '@holdfast/persistence';
import { engine } from '../engines.ts';

const [name, file = ''] = process.argv.slice(2);
const database = openDatabase({ file, driver: engine(name), readOnly: true });
const select = database.prepare<{ content: string }>(
  `SELECT group_concat(DISTINCT a) AS content FROM (SELECT a FROM t UNION ALL SELECT a FROM u)`,
);
console.log('ready');
let last = '';
for (;;) {
  const content = select.get()?.content ?? 'nothing';
  if (content !== last) console.log(`sees ${content}`);
  last = content;
  await new Promise(setImmediate);
}
