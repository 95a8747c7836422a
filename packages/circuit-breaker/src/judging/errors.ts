import { InvalidOptionError } from '@holdfast/core';

import type { Classify } from './classify.ts';

/** A class of errors, or the `code` that errors carry, such as `'ECONNRESET'` or `'ERR_TIMEOUT'`. */
export type ErrorKind = string | (abstract new (...parameters: never[]) => unknown);

/** A `classify` that judges errors by their kind and leaves values to the default. */
export interface ErrorClassifier extends Classify {
  /** The same without errors of these kinds, which are then ignored. What is excepted wins over what is listed. */
  except(...kinds: ErrorKind[]): ErrorClassifier;
}

/**
 * Takes errors of these kinds for failures, subclasses included, and ignores all others: they say nothing about the dependency.
 * Without a kind the default decides about whatever is not excepted.
 *
 * @throws {InvalidOptionError} when a kind is neither a class nor a code.
 */
export function errors(...kinds: ErrorKind[]): ErrorClassifier {
  return classifier(checked(kinds), []);
}

function classifier(failures: readonly ErrorKind[], excepted: readonly ErrorKind[]): ErrorClassifier {
  const classify: Classify = (outcome) => {
    if (outcome.status === 'fulfilled') return undefined;
    if (excepted.some((kind) => isOf(kind, outcome.reason))) return 'ignore';
    if (failures.length === 0) return undefined;
    return failures.some((kind) => isOf(kind, outcome.reason)) ? 'failure' : 'ignore';
  };
  return Object.assign(classify, {
    except: (...kinds: ErrorKind[]) => classifier(failures, [...excepted, ...checked(kinds)]),
  });
}

function isOf(kind: ErrorKind, error: unknown): boolean {
  if (typeof kind !== 'string') return error instanceof kind;
  return typeof error === 'object' && error !== null && 'code' in error && error.code === kind;
}

function checked(kinds: readonly ErrorKind[]): readonly ErrorKind[] {
  for (const kind of kinds)
    if (typeof kind === 'string' ? kind === '' : !isClass(kind))
      throw new InvalidOptionError('errors', 'classes or codes', kind);
  return kinds;
}

/** Functions that are none, such as a predicate, would throw as soon as there is an error to judge. */
function isClass(value: unknown): boolean {
  try {
    void ({} instanceof (value as new () => unknown));
    return true;
  } catch {
    return false;
  }
}
