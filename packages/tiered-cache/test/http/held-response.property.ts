import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { HandlerResponse } from '../../src/http/handler-response.ts';
import { HeldResponse } from '../../src/http/node/held-response.ts';
import type { HandlerRun } from '../../src/http/turn.ts';

/** What a handler does with its response, in this order. */
interface Plan {
  readonly announced: boolean;
  readonly head: 'none' | 'object' | 'list' | 'reason';
  readonly flushed: boolean;
  readonly written: readonly string[];
  readonly ended: string | undefined;
  readonly bytes: boolean;
}

const texts = fc.constantFrom('', 'a', 'bcd', 'ü');
const plans: fc.Arbitrary<Plan> = fc.record({
  announced: fc.boolean(),
  head: fc.constantFrom('none', 'object', 'list', 'reason'),
  flushed: fc.boolean(),
  written: fc.array(texts, { maxLength: 3 }),
  ended: fc.option(texts, { nil: undefined }),
  bytes: fc.boolean(),
});

const wholeOf = ({ written, ended }: Plan): string => [...written, ended ?? ''].join('');

interface Sent {
  readonly wire: string;
  /** Whether the headers were shown as sent, after each step. */
  readonly shown: readonly boolean[];
}

/** What goes out for a plan, by a response as Node.js has it or by one that is held. */
async function sent(plan: Plan, prepare: (response: ServerResponse) => void): Promise<Sent> {
  const shown: boolean[] = [];
  const note = (): void => void shown.push(response.headersSent);
  const wire: Buffer[] = [];
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.sendDate = false;
  response.assignSocket(
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        wire.push(chunk);
        done();
      },
    }) as Socket,
  );
  prepare(response);
  const finished = new Promise((resolve) => response.once('finish', resolve));
  const chunk = (text: string): string | Buffer => (plan.bytes ? Buffer.from(text) : text);

  response.setHeader('x-before', '1');
  if (plan.announced) response.setHeader('content-length', Buffer.byteLength(wholeOf(plan)));
  if (plan.head === 'object') response.writeHead(201, { 'x-head': '1' });
  if (plan.head === 'list') response.writeHead(201, ['x-head', '1', 'x-more', '2', 'x-more', '3']);
  if (plan.head === 'reason') response.writeHead(201, 'Made', { 'x-head': '1' });
  note();
  if (plan.flushed) response.flushHeaders();
  note();
  for (const text of plan.written) {
    response.write(chunk(text));
    note();
  }
  if (plan.ended === undefined) response.end();
  else response.end(chunk(plan.ended));
  note();
  await finished;
  return { wire: Buffer.concat(wire).toString('latin1'), shown };
}

/** A run that keeps nothing, and remembers what it was told. */
function watching(
  maxBodyBytes: number,
): HandlerRun & { readonly told: (HandlerResponse | 'pass' | 'leave')[] } {
  const told: (HandlerResponse | 'pass' | 'leave')[] = [];
  return {
    kind: 'run',
    headers: [],
    conditions: [],
    maxBodyBytes,
    signal: new AbortController().signal,
    told,
    settle: (response) => void told.push(response),
    pass: () => void told.push('pass'),
    leave: () => void told.push('leave'),
    fail: async () => undefined,
  };
}

describe('a response that is held back', () => {
  it('goes out as it would by itself, if nothing takes its place, and is shown whole or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(plans, fc.integer({ min: 0, max: 8 }), async (plan, maxBodyBytes) => {
        const run = watching(maxBodyBytes);
        let completed = 0;
        const held = await sent(plan, (response) => {
          new HeldResponse(response, run, () => (completed += 1)).takeOver();
        });
        const alone = await sent(plan, () => {});
        const bytes = Buffer.byteLength(wholeOf(plan));
        const streamed = plan.flushed || (plan.written.length > 0 && !plan.announced);
        const kept = !streamed && bytes <= maxBodyBytes;

        expect(held).toEqual(alone);
        expect(completed).toBe(1);
        expect(run.told.map((each) => (each instanceof HandlerResponse ? String(each.body) : each))).toEqual(
          kept ? [wholeOf(plan)] : ['pass'],
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('is not held beyond its bound by a handler that writes more than it has announced', async () => {
    const run = watching(4);
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    new HeldResponse(response, run, () => {}).takeOver();
    response.setHeader('content-length', '4');

    response.write('abc');
    expect(run.told).toEqual([]);
    response.write('de');
    expect(run.told).toEqual(['pass']);
  });

  it('is not held beyond its bound by a handler that ends with more than it has announced', async () => {
    const run = watching(4);
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    new HeldResponse(response, run, () => {}).takeOver();
    response.setHeader('content-length', '4');

    response.write('abc');
    response.end('de');

    expect(run.told).toEqual(['pass']);
  });
});
