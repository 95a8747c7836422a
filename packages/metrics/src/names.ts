import { InvalidOptionError, text } from '@holdfast/core';

import type { Family } from './family.ts';

/** The value of every label of the series that takes what no longer fits. */
export const overflowValue = '__overflow__';

export const maxLabelLength = 128;

const namePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Suffixes that the exposition formats give a meaning, so that `promtool check metrics` refuses them elsewhere. */
const reservedSuffix = /_(?:total|bucket|count|sum)$/;

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;
const controlCharacters = new RegExp(controlCharacter, 'g');

/**
 * Checks a metric name by the rules that Prometheus and its linter have for the type.
 *
 * @see https://prometheus.io/docs/practices/naming/
 * @throws {InvalidOptionError}
 */
export function metricName(type: Family['type'], name: string): string {
  if (typeof name !== 'string' || !namePattern.test(name)) {
    throw new InvalidOptionError('name', 'letters, digits and underscores, not starting with a digit', name);
  }
  if (type === 'counter' && !name.endsWith('_total')) {
    throw new InvalidOptionError('name', 'a counter name that ends in _total', name);
  }
  if (type !== 'counter' && reservedSuffix.test(name)) {
    throw new InvalidOptionError(
      'name',
      `a ${type} name without the suffix _total, _bucket, _count or _sum`,
      name,
    );
  }
  return name;
}

/** @throws {InvalidOptionError} unless the prefix could start a metric name, or is empty. */
export function namePrefix(option: string, prefix: string): string {
  if (prefix === '' || namePattern.test(prefix)) return prefix;
  throw new InvalidOptionError(option, 'empty, or letters, digits and underscores', prefix);
}

/** @throws {InvalidOptionError} on a name that is ill-formed, reserved or there twice. */
export function labelNames<Label extends string>(
  type: Family['type'],
  labels: readonly Label[],
): readonly Label[] {
  const rule = 'different names of letters, digits and underscores, not starting with a digit or with __';
  for (const [index, label] of labels.entries()) {
    const taken = label === 'le' && type === 'histogram';
    const wellFormed = namePattern.test(text('labels', label)) && !label.startsWith('__');
    if (!wellFormed || taken || labels.indexOf(label) !== index) {
      throw new InvalidOptionError(
        'labels',
        taken ? 'other than le, which a histogram has itself' : rule,
        label,
      );
    }
  }
  return [...labels];
}

/** Upper bounds of buckets. @throws {InvalidOptionError} unless they are finite and rise. */
export function bucketBounds(buckets: readonly number[]): readonly number[] {
  const rising = buckets.every(
    (bound, index) => Number.isFinite(bound) && (index === 0 || bound > (buckets[index - 1] ?? Infinity)),
  );
  if (buckets.length > 0 && rising) return [...buckets];
  throw new InvalidOptionError(
    'buckets',
    'finite upper bounds, each over the one before',
    `[${buckets.join(', ')}]`,
  );
}

/**
 * A label value fit for every format: without control characters, at most {@link maxLabelLength} long. Cut values
 * are kept well-formed, because two broken ones could become one and the same series once encoded.
 *
 * @throws {InvalidOptionError} unless it is a string, number or boolean.
 */
export function labelValue(label: string, value: unknown): string {
  if (typeof value === 'string' && isFit(value)) return value;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new InvalidOptionError(`labels.${label}`, 'a string, number or boolean', value);
  }
  return String(value).replace(controlCharacters, '').slice(0, maxLabelLength).toWellFormed();
}

function isFit(value: string): boolean {
  return value.length <= maxLabelLength && !controlCharacter.test(value) && value.isWellFormed();
}
