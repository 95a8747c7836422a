import { inspect } from 'node:util';
import { describeWithPostgres } from '@holdfast/test-support';
import { createCache, type TieredCacheEvent } from '@holdfast/tiered-cache';
import { postgres } from '@holdfast/tiered-cache/postgres';
import { describe, expect, it } from 'vitest';

import { bareError } from '../../src/postgres/errors.ts';
import { newTable, openPool } from './rig.ts';

const secret = 'nobody-else-s-business';
const shown = (error: unknown): string => inspect(error, { depth: Infinity, showHidden: true });

/** Whether a text has the secret in it, as it is or as the server shows bytes. */
function tells(text: string): boolean {
  return text.includes(secret) || text.includes(Buffer.from(secret).toString('hex'));
}

describe('bareError', () => {
  it.each([undefined, 'text', new Error('plain')])('leaves %s as it is', (error) => {
    expect(bareError(error)).toBe(error);
  });

  it('leaves out what the server was working on, also of a cause, and keeps name, text, code and stack', () => {
    const attached = { name: 'error', code: '23514', detail: secret, where: `$3 = '${secret}'` };
    const inner = Object.assign(new Error('violates check constraint'), attached);
    const bare = bareError(new Error('outer', { cause: inner })) as Error;
    const { message, name, stack } = bare.cause as Error;

    expect({ message, name, stack }).toEqual({ message: inner.message, name: 'error', stack: inner.stack });
    expect(bare.cause).toMatchObject({ code: '23514' });
    expect(tells(shown(bare))).toBe(false);
  });
});

describeWithPostgres('the errors of a tier whose table refuses a row', (server) => {
  it('tell nothing of the row', async () => {
    const admin = openPool(server.url);
    const table = newTable();
    await using alone = postgres(server.url, { table });
    await alone.set('first', 1);
    await admin.query(`ALTER TABLE ${table} ADD CHECK (octet_length(value) < 1000)`);
    const told: unknown = await admin
      .query(
        `INSERT INTO ${table} (part, key, value, expires_at) VALUES (0, $1, repeat('x', 1000)::bytea, 'infinity')`,
        [Buffer.from(secret)],
      )
      .catch((error: unknown) => error);
    const events: TieredCacheEvent[] = [];
    await using cache = createCache({ namespace: 'shop', ttlMs: 1_000, l2: postgres(server.url, { table }) });
    cache.events.subscribe((event) => events.push(event));
    const value = `${secret} `.repeat(100);
    const refused: unknown = await alone.set(secret, value).catch((error: unknown) => error);
    await cache.set(secret, value);
    await admin.end();

    expect(tells(shown(told))).toBe(true);
    expect(refused).toMatchObject({ code: '23514', message: expect.stringContaining('check constraint') });
    expect(tells(shown(refused))).toBe(false);
    expect(events.map(({ type }) => type)).toContain('tier-failed');
    expect(tells(shown(events))).toBe(false);
  });
});
