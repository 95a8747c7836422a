import type { AddressInfo, Server } from 'node:net';

import { ClientIdentity } from '@holdfast/rate-limiter/identity';
import { Pool } from 'undici';

import type { Run, Scope } from '../harness/question.ts';

/** So many are under way at once, each on a connection of its own. */
export const requestsPerRun = 20;

/** Tells the callers of all routes apart: each by its address. */
export const callers = new ClientIdentity({ trustedProxies: 'none' });

/** Asks a server that listens; a run gives how many requests were let pass. */
export function requestsTo(server: Server, scope: Scope): Run {
  const { port } = server.address() as AddressInfo;
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: requestsPerRun });
  scope.defer(() => pool.close());
  return async () => {
    const statuses = await Promise.all(Array.from({ length: requestsPerRun }, () => statusOf(pool)));
    return statuses.filter((status) => status === 200).length;
  };
}

async function statusOf(pool: Pool): Promise<number> {
  const { statusCode, body } = await pool.request({ path: '/', method: 'GET' });
  await body.dump();
  return statusCode;
}
