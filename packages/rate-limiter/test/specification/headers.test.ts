import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ManualClock } from '@holdfast/core/testing';
import { type LimitsOptions, RateLimiter } from '@holdfast/rate-limiter';
import { rateLimit } from '@holdfast/rate-limiter/express';
import { type HeaderFormat } from '@holdfast/rate-limiter/http';
import { afterEach, describe, expect, it } from 'vitest';
import type { AnyLimiter } from '../support/traces.ts';

const minute = 60_000;
const user = { limit: 100, windowMs: minute, by: 'user' };
const expensive = { limit: 20, windowMs: minute, by: 'user', tag: 'expensive' };
const dear = ['expensive'];

interface Example {
  readonly row: string;
  readonly limits: LimitsOptions;
  /** What the caller spent before, and how long ago. */
  readonly spend: (limiter: AnyLimiter, clock: ManualClock, subject: string) => Promise<void>;
  readonly tags?: readonly string[];
  readonly format?: HeaderFormat;
  /** Retry-After differs by who calls. */
  readonly subject?: string;
  readonly answer: string;
}

const used = async (limiter: AnyLimiter, _: ManualClock, subject: string): Promise<void> => {
  await limiter.check({ user: subject }, { cost: 46 });
  await limiter.check({ user: subject }, { cost: 12, tags: dear });
};

const examples: readonly Example[] = [
  {
    row: '16.5 example of a normal answer',
    limits: { user, expensive },
    spend: used,
    tags: dear,
    answer: `
HTTP/1.1 200 OK
RateLimit-Policy: "user";q=100;w=60, "expensive";q=20;w=60
RateLimit: "user";r=41;t=25, "expensive";r=7;t=21

hello`,
  },
  {
    row: '16.5 example of an exceeded quota',
    limits: { user, expensive },
    spend: async (limiter, clock, subject) => {
      await limiter.check({ user: subject }, { cost: 20, tags: dear });
      clock.advanceSync(57_000);
    },
    tags: dear,
    answer: `
HTTP/1.1 429 Too Many Requests
Content-Type: application/problem+json
Cache-Control: no-store
Retry-After: 4
RateLimit-Policy: "user";q=100;w=60, "expensive";q=20;w=60
RateLimit: "expensive";r=0;t=3

{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded","title":"Quota exceeded","status":429,"violated-policies":["expensive"]}`,
  },
  {
    row: '16.5 example of reduced capacity',
    subject: 'bob',
    limits: { expensive, global: { limit: 600, windowMs: minute, by: 'global' } },
    spend: async (limiter, clock) => {
      await limiter.check({ user: 'others' }, { cost: 600 });
      clock.advanceSync(53_000);
    },
    answer: `
HTTP/1.1 503 Service Unavailable
Content-Type: application/problem+json
Cache-Control: no-store
Retry-After: 8
RateLimit-Policy: "global";q=600;w=60

{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity","title":"Temporarily reduced capacity","status":503,"violated-policies":["global"]}`,
  },
  {
    row: '16.5 example of abnormal usage',
    limits: { burst: { limit: 50, windowMs: 10_000, by: 'user', counts: 'attempts' } },
    spend: async (limiter, _, subject) => void (await limiter.check({ user: subject }, { cost: 50 })),
    answer: `
HTTP/1.1 429 Too Many Requests
Content-Type: application/problem+json
Cache-Control: no-store
Retry-After: 12
RateLimit-Policy: "burst";q=50;w=10
RateLimit: "burst";r=0;t=10

{"type":"https://iana.org/assignments/http-problem-types#abnormal-usage-detected","title":"Abnormal request pattern","status":429,"violated-policies":["burst"]}`,
  },
  {
    row: '16.5 example of draft-6',
    format: 'draft-6',
    limits: { expensive },
    spend: used,
    tags: dear,
    answer: `
HTTP/1.1 200 OK
RateLimit-Policy: 20;w=60
RateLimit-Limit: 20
RateLimit-Remaining: 7
RateLimit-Reset: 21

hello`,
  },
  {
    row: '16.5 example of draft-7',
    format: 'draft-7',
    limits: { expensive },
    spend: used,
    tags: dear,
    answer: `
HTTP/1.1 200 OK
RateLimit-Policy: 20;w=60
RateLimit: limit=20, remaining=7, reset=21

hello`,
  },
  {
    row: '16.5 example of X-RateLimit',
    format: 'x-ratelimit-delta',
    limits: { expensive },
    spend: used,
    tags: dear,
    answer: `
HTTP/1.1 200 OK
X-RateLimit-Limit: 20
X-RateLimit-Remaining: 7
X-RateLimit-Reset: 21

hello`,
  },
];

/** What belongs to the connection and not to us. */
const ofTheServer = new Set(['Connection', 'Keep-Alive', 'Transfer-Encoding', 'Content-Length', 'Date']);

/** The answer as it came over the wire: status line, our fields in order of their names, body. */
async function asSent(answer: IncomingMessage): Promise<string> {
  const { httpVersion, statusCode, statusMessage, rawHeaders } = answer;
  const fields = rawHeaders
    .flatMap((name, i) => (i % 2 === 0 ? [[name, rawHeaders[i + 1]] as const] : []))
    .filter(([name]) => !ofTheServer.has(name))
    .map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/${httpVersion} ${statusCode} ${statusMessage}`, ...fields.toSorted()];
  return `${head.join('\n')}\n\n${await text(answer)}`;
}

/** The same of an example, whose fields are in the order of the specification. */
function inOrder(example: string): string {
  const [head = '', body = ''] = example.trimStart().split('\n\n');
  const [status = '', ...fields] = head.split('\n');
  return `${[status, ...fields.toSorted()].join('\n')}\n\n${body}`;
}

describe('an answer on the wire', () => {
  let server: Server;
  afterEach(() => void server.close());

  it.each(examples)('$row: is that of the specification, byte for byte', async (example) => {
    const { limits, spend, tags, format, answer, subject = 'alice' } = example;
    const clock = new ManualClock();
    const limiter: AnyLimiter = new RateLimiter({ limits, clock });
    const guard = rateLimit({
      limiter,
      subjectOf: () => ({ user: subject }),
      tagsOf: () => tags ?? [],
      headers: { format, quotas: 'all', discloseTo: ['global'], clock },
    });
    server = createServer((incoming, outgoing) => guard(incoming, outgoing, () => outgoing.end('hello')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await spend(limiter, clock, subject);

    const { port } = server.address() as AddressInfo;
    const sent = await new Promise<IncomingMessage>((resolve, reject) =>
      request({ port, host: '127.0.0.1', agent: false }, resolve).on('error', reject).end(),
    );

    expect(await asSent(sent)).toBe(inOrder(answer));
  });
});
