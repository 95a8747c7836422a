import { describeWithRedis, describeWithRedisCluster } from '@holdfast/test-support';
import { afterAll, beforeAll, describe } from 'vitest';

import { Fleet } from './fleet.ts';
import { agree } from './guarantees/agreement.ts';
import { resurrectNothing } from './guarantees/resurrection.ts';
import { boundStaleness } from './guarantees/staleness.ts';
import type { ClientKind } from './messages.ts';
import { Site } from './site.ts';

const fleet = new Fleet(3);
beforeAll(() => fleet.start());
afterAll(() => fleet[Symbol.asyncDispose]());

const clients: readonly ClientKind[] = ['ioredis', 'ioredis-5', 'node-redis'];

describeWithRedis('a fleet on one Redis', (server) => {
  describe.each<ClientKind>(['url', ...clients])('with %s', (client) => {
    giveGuarantees(client, () => Site.alone(server));
  });
});

describeWithRedisCluster('a fleet on a Cluster', (cluster) => {
  describe.each(clients)('with %s', (client) => {
    giveGuarantees(client, () => Site.cluster(cluster));
  });
});

function giveGuarantees(client: ClientKind, siteOf: () => Site): void {
  let site: Site;
  beforeAll(() => {
    site = siteOf();
  });
  afterAll(() => site[Symbol.asyncDispose]());
  const scene = { fleet, client, at: () => site };

  resurrectNothing(scene);
  boundStaleness(scene);
  agree(scene);
}
