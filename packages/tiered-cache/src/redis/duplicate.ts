import type { Commands, OwnCommands } from './client.ts';

/** For waits that the server ends, and we if it does not. */
const noTimeouts = { commandTimeout: undefined, socketTimeout: undefined, blockingTimeout: undefined };

/** Connects when told to, and fails as soon as the connection does: whoever uses it then makes another. */
const alone = {
  ...noTimeouts,
  lazyConnect: true,
  retryStrategy: null,
  reconnectOnError: null,
  failoverDetector: false,
  enableAutoPipelining: false,
  disconnectTimeout: 100,
  readOnly: false,
  role: 'master',
};

/** As above; commands wait for the nodes, which are connected to when first needed. */
const cluster = {
  lazyConnect: true,
  clusterRetryStrategy: null,
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  enableAutoPipelining: false,
  scaleReads: 'master',
  redisOptions: { ...noTimeouts, disconnectTimeout: 100 },
};

/** A client of our own for the same servers, not connected yet. It talks to primaries only. */
export function duplicateOf(client: Commands): OwnCommands {
  return client.isCluster === true ? client.duplicate([], cluster) : client.duplicate(alone);
}
