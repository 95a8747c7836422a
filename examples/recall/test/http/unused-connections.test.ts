import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { aService } from '../support/service.ts';

it('does not wait for a connection on which nothing was ever sent when it stops', async () => {
  const fixture = await aService();
  const { hostname, port } = new URL(fixture.service.url);
  const unused = connect(Number(port), hostname);
  await once(unused, 'connect');
  // Its being answered shows that the server has taken the earlier connection, too.
  await fetch(`${fixture.service.url}/health/live`);
  const startedAt = performance.now();

  await fixture[Symbol.asyncDispose]();

  expect(performance.now() - startedAt).toBeLessThan(3_000);
  unused.destroy();
});
