import { describe, expect, it } from 'vitest';

import { resolveValueFormat } from '../../src/values/options.ts';
import type { SchemaOptions, StandardSchema } from '../../src/values/schema.ts';
import { binding } from './binding.ts';

const written = (value: unknown, schema?: SchemaOptions): Uint8Array =>
  resolveValueFormat({ schema }).encode(value, binding('k')) as Uint8Array;
const read = (payload: Uint8Array, schema?: SchemaOptions): unknown =>
  resolveValueFormat({ schema }).decode(payload, binding('k'));
const refusal = (
  payload: Uint8Array,
  schema?: SchemaOptions,
): { reason: string; message: string; cause?: Error } => {
  try {
    read(payload, schema);
  } catch (error) {
    return error as ReturnType<typeof refusal>;
  }
  throw new Error('it was not refused');
};

/** A Standard Schema as the libraries make them. */
const standard = (validate: (value: unknown) => unknown): StandardSchema =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as StandardSchema;

describe('a schema', () => {
  it('reads what was written under its version', () => {
    expect(read(written({ a: 1 }, { version: 3 }), { version: 3 })).toEqual({ a: 1 });
  });

  it('refuses other versions, newer and older', () => {
    expect(refusal(written(1, { version: 3 }), { version: 4 })).toMatchObject({
      reason: 'schema',
      message: 'a cached payload has the schema version 3, not 4',
    });
    expect(refusal(written(1, { version: 4 }), { version: 3 })).toMatchObject({ reason: 'schema' });
  });

  it('has the version 0 where there is none', () => {
    expect(read(written(1), { version: 0 })).toBe(1);
    expect(read(written(1, { version: 0 }))).toBe(1);
    expect(refusal(written(1, { version: 1 }))).toMatchObject({ reason: 'schema' });
  });

  it('migrates entries of older versions, and tells from which', () => {
    const schema = { version: 2, migrate: (value: unknown, fromVersion: number) => ({ value, fromVersion }) };

    expect(read(written('old'), schema)).toEqual({ value: 'old', fromVersion: 0 });
    expect(read(written('old', { version: 1 }), schema)).toEqual({ value: 'old', fromVersion: 1 });
    expect(read(written('current', schema), schema)).toBe('current');
  });

  it('refuses entries of newer versions even if it can migrate, so that a fleet can be moved back', () => {
    const schema = { version: 1, migrate: () => 'garbage' };

    expect(refusal(written({ new: true }, { version: 2 }), schema)).toMatchObject({ reason: 'schema' });
  });

  it('validates what it reads after it was migrated, and not what it writes', () => {
    const schema = {
      version: 1,
      migrate: (value: unknown) => Number(value),
      validate(value: unknown) {
        if (typeof value === 'number' && value > 0) return value * 10;
        throw new TypeError('not a positive number');
      },
    };

    expect(read(written('7'), schema)).toBe(70);
    expect(read(written(7, schema), schema)).toBe(70);
    expect(refusal(written(-7, schema), schema)).toMatchObject({
      reason: 'schema',
      message: 'a cached payload does not fit the schema',
      cause: { message: 'not a positive number' },
    });
  });

  it('refuses what cannot be migrated', () => {
    const migrate = (): never => {
      throw new Error('too old');
    };

    expect(refusal(written(1), { version: 1, migrate })).toMatchObject({
      reason: 'schema',
      cause: { message: 'too old' },
    });
  });

  it('takes a Standard Schema: its value, or its issues', () => {
    const validate = standard((value) =>
      value === 1
        ? { value: 'one' }
        : { issues: [{ message: 'is not 1', path: ['a', { key: 0 }] }, { message: 'is wrong' }] },
    );

    expect(read(written(1), { version: 0, validate })).toBe('one');
    expect(refusal(written(2), { version: 0, validate }).cause?.message).toBe('a.0: is not 1; is wrong');
  });

  it('takes a Standard Schema that is a function as well', () => {
    const validate = Object.assign(
      (value: unknown) => `called with ${String(value)}`,
      standard(() => ({ value: 'judged' })),
    );

    expect(read(written(1), { version: 0, validate })).toBe('judged');
  });

  it.each<[string, Partial<SchemaOptions>, string]>([
    ['a promise of validate', { validate: async () => 1 }, 'schema.validate returned a promise'],
    [
      'a promise that rejects',
      { validate: () => Promise.reject(new Error('late')) },
      'schema.validate returned a promise',
    ],
    [
      'a promise of a Standard Schema',
      { validate: standard(async () => ({ value: 1 })) },
      'schema.validate returned a promise',
    ],
    ['a promise of migrate', { migrate: async () => 1 }, 'schema.migrate returned a promise'],
    ['nothing from validate', { validate: () => undefined }, 'schema.validate returned undefined'],
    ['nothing from migrate', { migrate: () => undefined }, 'schema.migrate returned undefined'],
    [
      'nothing from a Standard Schema',
      { validate: standard(() => ({ value: undefined })) },
      'schema.validate returned undefined',
    ],
    [
      'what is no result of a Standard Schema',
      { validate: standard(() => null) },
      'schema.validate returned undefined',
    ],
  ])('refuses %s', (_what, part, message) => {
    const schema = { version: 1, migrate: (value: unknown) => value, ...part };

    expect(refusal(written(1), schema)).toMatchObject({
      reason: 'schema',
      message: 'a cached payload does not fit the schema',
    });
    expect(refusal(written(1), schema).cause?.message).toContain(message);
  });
});
