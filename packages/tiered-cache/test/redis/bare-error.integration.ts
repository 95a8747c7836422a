import { inspect } from 'node:util';
import { describeWithRedis } from '@holdfast/test-support';
import { describe, expect, it } from 'vitest';

import { bareError } from '../../src/redis/errors.ts';
import { Opened } from './rig.ts';

const secret = 'nobody-else-s-business';
const shown = (error: unknown): string => inspect(error, { depth: Infinity, showHidden: true });

describe('bareError', () => {
  it('leaves alone what carries nothing, be it an error or not', () => {
    const system = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', port: 6379 });

    for (const error of [system, new TypeError('text'), 'text', undefined, null])
      expect(bareError(error)).toBe(error);
  });

  it('takes off the command and keeps name, text, code and stack', () => {
    const error = new Error('WRONGPASS invalid');
    const attached = { name: 'ReplyError', code: 'E', command: { name: 'auth', args: [secret] } };
    const bare = bareError(Object.assign(error, attached)) as Error;

    expect(bare).toMatchObject({ name: 'ReplyError', message: 'WRONGPASS invalid', code: 'E' });
    expect(bare.stack).toBe(error.stack);
    expect(shown(bare)).not.toContain(secret);
  });

  it('makes a bare cause of the error of a node, and of a cause', () => {
    const inner = Object.assign(new Error('WRONGPASS invalid'), { command: { args: [secret] } });
    const all = Object.assign(new Error('no node answers'), { lastNodeError: inner });
    const wrapped = new Error('wrapped', { cause: all });
    const bare = bareError(wrapped) as Error;

    expect(shown(bare)).not.toContain(secret);
    expect(shown(bare)).toContain('WRONGPASS invalid');
    expect((bare.cause as Error).message).toBe('no node answers');
  });

  it('passes by the errors of other commands of a transaction', () => {
    const other = Object.assign(new Error('other'), { command: { args: [secret] } });

    expect(
      shown(bareError(Object.assign(new Error('EXECABORT'), { previousErrors: [other] }))),
    ).not.toContain(secret);
  });
});

describeWithRedis('bareError of a command that the server does not know', (server) => {
  const opened = new Opened();

  it('does not repeat what was sent', async () => {
    const client = opened.client(server.url);
    const error: unknown = await client.call('NOSUCH', secret).catch((reason: unknown) => reason);
    expect(shown(error)).toContain(secret);

    expect(shown(bareError(error))).not.toContain(secret);
    expect(String(bareError(error))).toMatch(/unknown command .?NOSUCH/);
    await opened.close();
  });
});
