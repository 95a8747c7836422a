import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { aService, type ServiceFixture } from '../support/service.ts';

let fixture: ServiceFixture;
let app: FastifyInstance;
beforeAll(async () => {
  fixture = await aService();
  ({ app } = fixture.service);
});
afterAll(() => fixture[Symbol.asyncDispose]());

const id = '0190aaaa-0000-7000-8000-000000000000';

/** Text as nobody should write it: NUL, lone surrogates, marks that mean something to SQL, JSON, FTS5 or a path. */
const nastyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\ud800',
    '\udfff\ud800',
    "'; DROP TABLE items; --",
    '" OR 1=1',
    'NEAR(a b)',
    '* ^ : - ( )',
    '%',
    '../../etc/passwd',
    '{"$gt":""}',
    '__proto__',
    'constructor',
    'a'.repeat(600),
    '\u202e\ufeff',
    '0x10',
    'Infinity',
    '-0',
    '1e309',
  ),
);

const nastyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    nastyText,
    fc.constantFrom(null, true, false, 0, -1, 1.5, 1e21, Number.MAX_SAFE_INTEGER + 2, id),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom('title', 'body', 'items', 'events', 'text', '__proto__', 'constructor', 'toString'),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;

/** Bodies that have the shape which a route expects, with anything in their fields. */
const almostRight = fc.oneof(
  fc.record({ title: nastyText, body: nastyText }),
  fc.record({ text: nastyText }),
  fc.record(
    {
      title: nastyValue,
      body: nastyValue,
      tags: nastyValue,
      kind: nastyValue,
      links: nastyValue,
      source: nastyValue,
    },
    { requiredKeys: [] },
  ),
  fc.record({ items: fc.array(fc.record({ title: nastyText, body: nastyText }), { maxLength: 3 }) }),
  fc.record({ text: nastyValue, limit: nastyValue, exclude: nastyValue }, { requiredKeys: ['text'] }),
  fc.record({
    events: fc.array(
      fc.record(
        {
          eventId: nastyText,
          itemId: fc.oneof(fc.constant(id), nastyText),
          at: nastyValue,
          origin: nastyText,
          session: nastyText,
        },
        { requiredKeys: ['eventId', 'itemId'] },
      ),
      { maxLength: 3 },
    ),
  }),
);

const nested = (open: string, close: string): string => open.repeat(50_000) + close.repeat(50_000);

const nastyBody: fc.Arbitrary<string | Buffer | undefined> = fc.oneof(
  fc.constant(undefined),
  almostRight.map((body) => JSON.stringify(body)),
  nastyValue.map((body) => JSON.stringify(body)),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(
    '{',
    '{"title":',
    '{"title":"x",}',
    '{"title":"x"} trailing',
    '{"__proto__":{"admin":true},"title":"x"}',
    '{"constructor":{"prototype":{"admin":true}},"title":"x"}',
    '{"title":1e999}',
    '{"title":"\\ud800"}',
    '{"title":"\\u0000"}',
    '{"title":"a","title":{}}',
    '\ufeff{"title":"x"}',
    'NaN',
    nested('[', ']'),
    nested('{"items":', '}'),
    `{"title":"x","body":"${'x'.repeat(70_000)}"}`,
    `{"items":[${'{"title":"x"},'.repeat(300)}{"title":"x"}]}`,
    'x'.repeat(1_100_000),
  ),
);

const nastyPath = fc.oneof(
  fc.constantFrom(
    '/v1/items',
    `/v1/items/${id}`,
    '/v1/items:batch',
    '/v1/search',
    '/v1/predictions',
    '/v1/suggestions',
    '/v1/events',
    '/v1/items/%00',
    '/v1/items/%ff',
    '/v1/items/%E0%A4%A',
    `/v1/items/${'a'.repeat(400)}`,
    '/v1/items/../../health',
    '//v1/items',
    '/v1/items/',
    '/',
    '*',
    '/__proto__',
    '/v1/constructor',
  ),
  nastyText.map((text) => `/v1/items/${encodeURIComponent(text.toWellFormed())}`),
  nastyText.map((text) => `/${encodeURIComponent(text.toWellFormed())}`),
);

const queryName = fc.constantFrom('q', 'limit', 'cursor', 'kind', 'tag', 'mode', 'context', '__proto__', 'x');
const queryValue = fc.oneof(
  nastyText.map((text) => encodeURIComponent(text.toWellFormed())),
  fc.constantFrom('1', '100', '%', '%zz', '%ff', 'bzk5OTk5OQ', 'bzA', '1&limit=2', '[]=1', 'walrus', id),
);
const nastyQuery = fc.oneof(
  fc.constant(''),
  queryValue.map((value) => `?q=${value}`),
  fc
    .array(fc.tuple(queryName, queryValue), { minLength: 1, maxLength: 4 })
    .map((pairs) => `?${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`),
);

/** What may stand in a header at all: the parser keeps the rest out. */
const headerText = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
  fc.string({
    unit: fc.integer({ min: 0x80, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 10,
  }),
);
const nastyContentType = fc.oneof(
  fc.constantFrom(
    'application/json; charset=utf-16',
    'application/jsonp',
    'text/plain',
    'multipart/form-data',
    'application/x-www-form-urlencoded',
    'application/json, text/html',
    ';',
    '',
  ),
  headerText,
);
const nastyHeaders = fc.record(
  {
    // Seldom, because whatever else is wrong stays unread then.
    'content-type': fc.oneof(
      { arbitrary: fc.constant('application/json'), weight: 15 },
      { arbitrary: nastyContentType, weight: 1 },
    ),
    'if-match': fc.oneof(fc.constantFrom('"v1"', '"v999999999"', '"v-1"', '*', 'W/"v1"'), headerText),
    'if-none-match': headerText,
    'x-deadline-ms': fc.oneof(fc.constantFrom('1', '0', '-1', '1e9', 'Infinity', '99999999999'), headerText),
    'accept-encoding': headerText,
    'transfer-encoding': fc.constantFrom('gzip', 'identity'),
    origin: headerText,
  },
  { requiredKeys: [] },
);

const methods = fc.constantFrom(
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'PROPFIND',
);
/** Mostly a route that there is: elsewhere nothing is looked at. */
const nastyTarget = fc.oneof(
  {
    arbitrary: fc.constantFrom(
      ['POST', '/v1/items'],
      ['GET', '/v1/items'],
      ['GET', `/v1/items/${id}`],
      ['PATCH', `/v1/items/${id}`],
      ['DELETE', `/v1/items/${id}`],
      ['POST', '/v1/items:batch'],
      ['GET', '/v1/search'],
      ['GET', '/v1/predictions'],
      ['POST', '/v1/suggestions'],
      ['POST', '/v1/events'],
    ),
    weight: 4,
  },
  { arbitrary: fc.tuple(methods, nastyPath), weight: 1 },
) as fc.Arbitrary<readonly [method: string, path: string]>;
/** Mostly somebody whom the service knows, or nothing behind the door would ever be reached. */
const user = fc.oneof(
  { arbitrary: fc.constantFrom('ada', 'bob'), weight: 9 },
  { arbitrary: headerText, weight: 1 },
);

interface Told {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly text: string;
}

/** Whether it is one of RFC 9457 that says where it belongs. */
function isProblem({ status, contentType = '', text }: Told): boolean {
  if (!/^application\/problem\+json(;|$)/.test(contentType)) return false;
  const problem = JSON.parse(text) as Record<string, unknown>;
  return (
    /^(about:blank|\/problems\/|https:)/.test(String(problem['type'])) &&
    typeof problem['title'] === 'string' &&
    problem['status'] === status &&
    typeof problem['requestId'] === 'string'
  );
}

/** What is wrong with an answer, if anything. */
function faultOf(told: Told, deadline?: string): string | undefined {
  // A deadline that the client set itself is the one thing that ends in 504.
  const onTime = told.status === 504 && deadline !== undefined;
  if (told.status >= 500 && !onTime) return `answered ${told.status}`;
  return told.status >= 400 && !isProblem(told) ? `no problem: ${told.contentType} ${told.text}` : undefined;
}

describe('the service', () => {
  it('answers whatever is asked with an answer or a problem, and never with 5xx', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          target: nastyTarget,
          query: nastyQuery,
          headers: fc.oneof(fc.constant({}), nastyHeaders),
          user,
          body: nastyBody,
        }),
        async ({ target: [asked, path], query, headers, user: name, body }) => {
          const response = await app.inject({
            // The types of the injector know fewer methods than the parser.
            method: asked as 'GET',
            url: path + query,
            headers: {
              'x-user-id': name,
              ...(body !== undefined && { 'content-type': 'application/json' }),
              ...headers,
            },
            ...(body !== undefined && { payload: body }),
          });

          const told = {
            status: response.statusCode,
            contentType: response.headers['content-type']?.toString(),
            // There is no body to HEAD, so what is said of it cannot be wrong.
            text: asked === 'HEAD' ? headless(response.statusCode) : response.body,
          };
          const { 'x-deadline-ms': deadline } = headers as Record<string, string>;
          expect(faultOf(told, deadline)).toBeUndefined();
        },
      ),
      { numRuns: 2_500 },
    );
    expect(fixture.told(50)).toEqual([]);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it('answers what is hardly HTTP with a problem, or hangs up', async () => {
    const line = fc.oneof(
      fc.constantFrom(
        'GET / HTTP/1.1',
        'GET /v1/items HTTP/1.1',
        'POST /v1/items HTTP/1.1',
        'GET  /v1/items HTTP/1.1',
        'GET /v1/items HTTP/9.9',
        'BREW /pot HTTP/1.1',
        'GET http://elsewhere/v1/items HTTP/1.1',
        'GET /\u0000 HTTP/1.1',
        'GET /v1/items/%E0%A4%A HTTP/1.1',
        'PRI * HTTP/2.0',
      ),
      fc.string({ unit: 'binary-ascii', maxLength: 30 }),
    );
    const header = fc.constantFrom(
      'x-user-id: ada',
      'expect: the-unexpected',
      'expect: 100-continue',
      'content-length: -1',
      'content-length: 5',
      'content-length: 5\r\ncontent-length: 6',
      'transfer-encoding: chunked',
      'transfer-encoding: chunked\r\ncontent-length: 5',
      'upgrade: websocket\r\nconnection: upgrade',
      `x-long: ${'x'.repeat(20_000)}`,
      'content-type: application/json',
      'no colon',
      ': no name',
    );
    const rest = fc.constantFrom('', '{"title":"x"}', 'zz\r\n', '5\r\nhello\r\n0\r\n\r\n', '\r\n\r\n');
    await fc.assert(
      fc.asyncProperty(line, fc.array(header, { maxLength: 4 }), rest, async (first, headers, end) => {
        const raw = await send([first, 'host: recall', ...headers, '', end].join('\r\n'));

        const answers = raw.matchAll(
          /HTTP\/1\.1 (\d{3}) [^\r]*\r\n((?:[^\r]+\r\n)*)\r\n(.*?)(?=HTTP\/1\.1 \d|$)/gs,
        );
        for (const [, code, head = '', body = ''] of answers) {
          const contentType = /^content-type: (.*)$/im.exec(head)?.[1]?.trim();
          // Without the lengths of chunks.
          const text = /\{.*\}/s.exec(body)?.[0] ?? body;
          expect(faultOf({ status: Number(code), contentType, text })).toBeUndefined();
        }
      }),
      { numRuns: 300 },
    );
    expect(fixture.told(50)).toEqual([]);
  });
});

const headless = (status: number): string =>
  JSON.stringify({ type: 'about:blank', title: 'x', status, requestId: 'x' });

/** Everything that comes back, after what is sent and then nothing more. */
async function send(text: string): Promise<string> {
  const { port } = new URL(fixture.service.url);
  const socket = connect({ port: Number(port), host: '127.0.0.1' });
  socket.on('error', () => undefined);
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
  socket.end(text, 'latin1');
  await once(socket, 'close');
  return answer;
}
