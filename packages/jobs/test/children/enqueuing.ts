// Enqueues without pause: `<driver> <file> <prefix>`. Says the key of each job that was acknowledged.
import { SqliteJobQueue } from '@holdfast/jobs/sqlite';
import { openDatabase } from '@holdfast/persistence';

import { driver } from '../engines.ts';

const [name, file = '', prefix = ''] = process.argv.slice(2);
const queue = new SqliteJobQueue(openDatabase({ file, driver: driver(name), durability: 'normal' }));
let number = 0;
const produce = async (): Promise<never> => {
  for (;;) {
    const key = `${prefix}-${(number += 1)}`;
    await queue.enqueue({ type: 'count', payload: key, idempotencyKey: key });
    process.stdout.write(`enqueued ${key}\n`);
  }
};
await Promise.all(Array.from({ length: 8 }, produce));
