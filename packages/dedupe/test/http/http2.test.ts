import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { fastifyDedupe, type FastifyRequestLike } from '@holdfast/dedupe/fastify';
import { RequestDedupe } from '@holdfast/dedupe/http';
import Fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';

async function post(
  session: ClientHttp2Session,
  body: string,
): Promise<readonly [status: number, body: string]> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' };
  const stream = session.request({ ':method': 'POST', ':path': '/orders', ...headers });
  stream.end(body);
  const [{ ':status': status }] = (await once(stream, 'response')) as [{ ':status': number }];
  let text = '';
  for await (const part of stream) text += String(part);
  return [status, text];
}

it('tells bodies apart that come over HTTP/2, where none has to say how long it is', async () => {
  const requests = new RequestDedupe<FastifyRequestLike>({ identity: () => 'ann' });
  const app = Fastify({ http2: true });
  await app.register(fastifyDedupe, { requests, routes: 'all' });
  app.post('/orders', async ({ body }) => body);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const session = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    session.destroy();
    await app.close();
  });

  expect(await post(session, '{"count":1}')).toEqual([200, '{"count":1}']);
  expect(await post(session, '{"count":1}')).toEqual([200, '{"count":1}']);
  expect((await post(session, '{"count":2}'))[0]).toBe(422);
});
