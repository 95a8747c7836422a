// Works without pause: `<driver> <file>`. Says which job it starts, and which completion was acknowledged.
import { SqliteJobQueue } from '@holdfast/jobs/sqlite';
import { openDatabase } from '@holdfast/persistence';

import { driver } from '../engines.ts';

const [name, file = ''] = process.argv.slice(2);
const database = openDatabase({ file, driver: driver(name), durability: 'normal' });
const queue = new SqliteJobQueue(database, {
  leaseMs: 50,
  maxStalls: 1_000,
  retention: { finished: { maxCount: 1e6 } },
});
for (;;) {
  const jobs = await queue.claim({ max: 10 });
  await Promise.all(
    jobs.map(async (job) => {
      process.stdout.write(`started ${String(job.payload)}\n`);
      await new Promise(setImmediate);
      const done = await queue.complete(job).catch((error: { code?: string }) => error.code);
      process.stdout.write(`${String(done)} ${String(job.payload)}\n`);
    }),
  );
  if (jobs.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
}
