/**
 * A process of its own that outlives a test run, even one that is killed, just long enough to end the servers
 * and remove the folders which that run could not. It knows of the end by the end of its input.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

import type { GuardMessage } from './guarded.ts';
import { killTree } from './process-tree.ts';

const folders = new Set<string>();
const pids = new Set<number>();

// Ctrl-C reaches the whole group: the guard has to stay a little longer.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const lines = createInterface(process.stdin);
lines.on('line', (line) => {
  const message = JSON.parse(line) as GuardMessage;
  const watched: Set<unknown> = 'pid' in message ? pids : folders;
  const subject = 'pid' in message ? message.pid : message.folder;
  if (message.watch) watched.add(subject);
  else watched.delete(subject);
});
lines.on('close', () => {
  for (const pid of pids) killTree(pid);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
