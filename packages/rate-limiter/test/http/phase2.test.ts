import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ManualClock } from '@holdfast/core/testing';
import { phase2, RateLimiter } from '@holdfast/rate-limiter';
import { rateLimit } from '@holdfast/rate-limiter/express';
import { ClientIdentity } from '@holdfast/rate-limiter/identity';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A service with users and strangers behind one proxy. */
describe('the preset phase2 behind a middleware', () => {
  let server: Server;
  let clock: ManualClock;
  let url: string;

  beforeEach(async () => {
    clock = new ManualClock();
    const limiter = new RateLimiter({ limits: phase2(), clock });
    const callers = new ClientIdentity({ trustedProxies: ['127.0.0.0/8'] });
    const app = express();
    app.use(
      rateLimit({
        limiter,
        subjectOf: (request) => {
          const { 'x-user': user } = request.headers;
          return typeof user === 'string' ? { user } : { ip: callers.keyOf(request) };
        },
        costOf: ({ headers }) => Number(headers['x-cost'] ?? 1),
        tagsOf: ({ url: path }) => (path === '/search' ? ['expensive'] : []),
        headers: { discloseTo: ['user'], clock },
      }),
    );
    app.use((_request, response) => void response.send('hello'));
    server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => void server.close());

  const callAs = async (headers: Record<string, string>, times: number, path = '/'): Promise<Response> => {
    let answer = await fetch(url + path, { headers });
    for (let i = 1; i < times; i += 1) answer = await fetch(url + path, { headers });
    return answer;
  };
  const problemOf = async (answer: Response): Promise<unknown> => {
    const { type, 'violated-policies': violated } = (await answer.json()) as Record<string, string>;
    return [answer.status, type?.replace(/.*#/, ''), violated];
  };

  it('admits 20 requests of a stranger, who is not told what the service can take', async () => {
    const stranger = { 'x-forwarded-for': '2001:db8:1:2::3' };
    const neighbour = { 'x-forwarded-for': '2001:db8:1:ff::1' };

    const last = await callAs(stranger, 20);
    const refused = await callAs({ 'x-forwarded-for': '2001:db8:1:2:ffff::' }, 1);

    expect([last.status, last.headers.get('ratelimit-policy')]).toEqual([200, '"ip";q=20;w=60']);
    expect(await problemOf(refused)).toEqual([429, 'quota-exceeded', ['ip']]);
    expect((await callAs(neighbour, 1)).status).toBe(429);
    expect((await callAs({ 'x-forwarded-for': '2001:db8:1:100::1' }, 1)).status).toBe(200);
  });

  it('admits 20 expensive requests of a user, who may go on with others', async () => {
    const user = { 'x-user': 'alice' };

    const refused = await callAs(user, 21, '/search');

    expect(await problemOf(refused)).toEqual([429, 'quota-exceeded', ['expensive']]);
    expect(refused.headers.get('ratelimit-policy')).toBe(
      '"user";q=100;w=60, "expensive";q=20;w=60, "burst";q=50;w=10, "global";q=1000;w=60',
    );
    expect(refused.headers.get('ratelimit')).toBe('"expensive";r=0;t=60');
    expect((await callAs(user, 1)).status).toBe(200);
  });

  it('takes 51 attempts in ten seconds for abnormal usage', async () => {
    const user = { 'x-user': 'alice' };

    const refused = await callAs(user, 51);

    expect(await problemOf(refused)).toEqual([429, 'abnormal-usage-detected', ['burst']]);
    await clock.advance(12_000);
    expect((await callAs(user, 1)).status).toBe(200);
  });

  it('answers 503 when everybody together is too much', async () => {
    for (let i = 0; i < 20; i += 1) await callAs({ 'x-user': `user ${i}`, 'x-cost': '50' }, 1);

    const refused = await callAs({ 'x-user': 'late' }, 1);

    expect(await problemOf(refused)).toEqual([503, 'temporary-reduced-capacity', ['global']]);
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  });
});
