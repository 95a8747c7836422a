import { CancellationSource, compose, Execution } from '@holdfast/core';
import { pipeline } from '@holdfast/resilience';
import { describe, expect, it } from 'vitest';

import { CallScope } from '../../src/service/call-scope.ts';
import { GuardedDatabase } from '../../src/service/guarded-database.ts';
import { query, type SqlDatabase } from '../../src/storage/sql-work.ts';
import { sqliteDialect } from '../../src/storage/sqlite-dialect.ts';

/** A database that answers when and what it is told. */
function aDatabase(answer: () => Promise<never[]>): { inner: SqlDatabase; readonly asked: string[] } {
  const asked: string[] = [];
  const run = (kind: string) => async (): Promise<never> => {
    asked.push(kind);
    return (await answer()) as never;
  };
  const inner = {
    name: 'fake',
    dialect: sqliteDialect,
    read: run('read'),
    write: run('write'),
    [Symbol.asyncDispose]: async () => void asked.push('closed'),
  };
  return { inner, asked };
}

const work = (): ReturnType<typeof query> => query('SELECT 1');

function cancellable(): { source: CancellationSource; execution: Execution } {
  const source = new CancellationSource();
  return { source, execution: new Execution({ tenant: 'ada' }, undefined, { cancellation: source }) };
}

describe('GuardedDatabase', () => {
  it('asks the database through the policy, with the options of the call that it works for', async () => {
    const { inner, asked } = aDatabase(async () => []);
    const scope = new CallScope();
    const tenants: unknown[] = [];
    const policy = {
      execute: <T>(operation: () => T | PromiseLike<T>, options?: { tenant?: string }): Promise<T> => {
        tenants.push(options?.tenant);
        return Promise.resolve(operation());
      },
    };
    const database = new GuardedDatabase(inner, policy as never, scope);

    await scope.run(cancellable().execution, () => database.read(work));
    await database.read(work);
    await database.write(work);

    expect(asked).toEqual(['read', 'read', 'write']);
    expect(tenants).toEqual(['ada', undefined, undefined]);
    expect(database).toMatchObject({ name: 'fake', dialect: sqliteDialect });
    await database[Symbol.asyncDispose]();
    expect(asked.at(-1)).toBe('closed');
  });

  it('waits for no read that nobody wants any more, and begins none', async () => {
    const { inner, asked } = aDatabase(() => new Promise(() => undefined));
    const scope = new CallScope();
    const database = new GuardedDatabase(inner, pipeline('database', { bulkhead: 5 }), scope);
    const { source, execution } = cancellable();

    await scope.run(execution, async () => {
      const reading = database.read(work);
      source.cancel(new Error('left'));
      await expect(reading).rejects.toThrow('left');
      await expect(database.read(work)).rejects.toThrow('left');
      await expect(database.write(work)).rejects.toThrow('left');
    });

    expect(asked).toEqual(['read']);
  });

  it('waits for a write that has begun, whoever left', async () => {
    const { promise, resolve } = Promise.withResolvers<never[]>();
    const { inner } = aDatabase(() => promise);
    const scope = new CallScope();
    const database = new GuardedDatabase(inner, pipeline('database', { bulkhead: 5 }), scope);
    const { source, execution } = cancellable();

    const writing = scope.run(execution, () => database.write(work));
    source.cancel(new Error('left'));
    resolve([]);

    expect(await writing).toEqual([]);
  });

  it('tells an outage from a mistake', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const scope = new CallScope();
    const failing = (reason: Error): GuardedDatabase =>
      new GuardedDatabase(aDatabase(() => Promise.reject(reason)).inner, compose(), scope);

    await expect(failing(refused).read(work)).rejects.toMatchObject({
      code: 'ERR_DATABASE_UNAVAILABLE',
      retryAfterMs: 1_000,
      cause: refused,
    });
    await expect(failing(new Error('syntax error')).write(work)).rejects.toThrow('syntax error');
  });
});

describe('CallScope', () => {
  it('keeps calls that go on at once apart, and is empty outside of any', async () => {
    const scope = new CallScope();
    const see = async (): Promise<string | undefined> => {
      await new Promise((resolve) => setImmediate(resolve));
      return scope.options?.tenant;
    };

    const tenants = ['ada', 'bob'].map((tenant) => scope.run(new Execution({ tenant }), see));

    expect(await Promise.all([...tenants, see()])).toEqual(['ada', 'bob', undefined]);
  });
});
