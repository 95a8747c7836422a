// Writes entries of its own as fast as it can: `<file> <name> <entries> <maxEntries>`. 0 entries are as many as it can
// write before it is killed. Says how many writes were refused because others kept the lock for too long.
import { sqlite } from '@holdfast/tiered-cache/sqlite';

const [file = '', name = '', entries = '', maxEntries = ''] = process.argv.slice(2);
const cache = sqlite<number>(file, { maxEntries: Number(maxEntries) });
let refused = 0;
for (let index = 0; index < (Number(entries) || Infinity); index += 1) {
  await cache.set(`${name} ${index}`, index, { ttlMs: 60_000 }).catch((error: Error) => {
    if (!error.message.includes('locked')) throw error;
    refused += 1;
  });
  if (index === 1_000) process.stdout.write('writing\n');
  if (index % 100 === 0) await new Promise(setImmediate);
}
await cache[Symbol.asyncDispose]();
process.stdout.write(`refused ${refused}\n`);
