import { callable, InvalidOptionError, wholeNumber } from '@holdfast/core';

import { RefusedPayloadError } from './errors.ts';
import { maxHeaderNumber } from './payload.ts';

/**
 * A validator of one of the many libraries that have agreed on this, as far as it is used here. Only synchronous ones fit.
 *
 * @see Standard Schema, version 1
 */
export interface StandardSchema {
  readonly '~standard': { readonly validate: (value: unknown) => unknown };
}

/** The shape that values have, and what becomes of entries that were written when they had another one. */
export interface SchemaOptions {
  /** A whole number of at least 0, raised whenever the shape changes. A cache without a schema writes 0. */
  readonly version: number;
  /**
   * Judges what was read from a tier: gives the value, as it is or put right, or throws. Values written are not judged:
   * they come from the application itself. Defaults to no judgement.
   */
  readonly validate?: ((value: unknown) => unknown) | StandardSchema | undefined;
  /**
   * Makes a value of this version of one of an older version. Without it, entries of other versions count as absent;
   * those of newer versions always do, so that a fleet can be moved forward and back.
   */
  readonly migrate?: ((value: unknown, fromVersion: number) => unknown) | undefined;
}

/** Stands in where no schema is given. */
export const anything: SchemaOptions = { version: 0 };

/** Knows which values read from a tier may be given out. */
export class Schema {
  readonly version: number;
  readonly #validate: ((value: unknown) => unknown) | undefined;
  readonly #migrate: ((value: unknown, fromVersion: number) => unknown) | undefined;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: SchemaOptions) {
    const given: unknown = options;
    if (typeof given !== 'object' || given === null)
      throw new InvalidOptionError('schema', 'an object with a version', given);
    const { version, validate, migrate }: Partial<SchemaOptions> = given;
    this.version = wholeNumber('schema.version', version, 0, maxHeaderNumber);
    this.#validate = validate === undefined ? undefined : validator(validate);
    this.#migrate = migrate && callable('schema.migrate', migrate);
  }

  /** @throws {RefusedPayloadError} If no value of that version can be accepted. */
  expect(version: number): void {
    if (version === this.version || (version < this.version && this.#migrate !== undefined)) return;
    throw new RefusedPayloadError('schema', `has the schema version ${version}, not ${this.version}`);
  }

  /** @throws {RefusedPayloadError} If the value is not valid, or what came of it is no value. */
  accept(value: unknown, version: number): unknown {
    try {
      const current = version === this.version ? value : settled('migrate', this.#migrate?.(value, version));
      return this.#validate === undefined ? current : settled('validate', this.#validate(current));
    } catch (error) {
      throw new RefusedPayloadError('schema', 'does not fit the schema', error);
    }
  }
}

function validator(validate: ((value: unknown) => unknown) | StandardSchema): (value: unknown) => unknown {
  const standard = (validate as Partial<StandardSchema> | null)?.['~standard'];
  if (typeof standard?.validate === 'function') return (value) => judged(standard.validate(value));
  if (typeof validate === 'function') return validate;
  throw new InvalidOptionError('schema.validate', 'a function or a Standard Schema', validate);
}

/** The value in the result of a Standard Schema, which has issues instead if it failed. */
function judged(result: unknown): unknown {
  const { value, issues }: { value?: unknown; issues?: readonly unknown[] } = Object(
    settled('validate', result),
  );
  if (issues === undefined) return value;
  throw new TypeError(issues.map(messageOf).join('; '));
}

function messageOf(issue: unknown): string {
  const { message, path = [] } = issue as { message: string; path?: readonly unknown[] };
  const keys = path.map((step) => String(Object(step).key ?? step));
  return keys.length === 0 ? message : `${keys.join('.')}: ${message}`;
}

/** Refuses a promise, for which a read cannot wait here, and `undefined`, which a validator gives that gives nothing. */
function settled(name: 'validate' | 'migrate', result: unknown): unknown {
  if (result === undefined) throw new TypeError(`schema.${name} returned undefined`);
  if (typeof (result as PromiseLike<unknown> | null)?.then !== 'function') return result;
  Promise.resolve(result).catch(() => undefined);
  throw new TypeError(`schema.${name} returned a promise; only synchronous ones fit`);
}
