import {
  type Clock,
  duration,
  InvalidOptionError,
  methods,
  object,
  oneOf,
  systemClock,
  text,
} from '@holdfast/core';

import type { AlertRule, Severity } from './alert.ts';

export interface AlertManagerOptions {
  /** Shown in statistics. Defaults to `'alerts'`. */
  readonly name?: string | undefined;

  readonly rules: readonly AlertRule[];

  /** Pause between two evaluations while started, in milliseconds, at least 1. Defaults to 15,000. */
  readonly intervalMs?: number | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface ResolvedRule {
  readonly name: string;
  readonly severity: Severity;
  readonly evaluate: () => number | undefined;
  readonly threshold: number;
  readonly clearThreshold: number;
  readonly bad: 'above' | 'below';
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly summary: string | undefined;
}

export interface ResolvedAlertManagerOptions {
  readonly name: string;
  readonly rules: readonly ResolvedRule[];
  readonly intervalMs: number;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: AlertManagerOptions): ResolvedAlertManagerOptions {
  object('options', options);
  if (!Array.isArray(options.rules))
    throw new InvalidOptionError('rules', 'an array of rules', options.rules);
  const rules = options.rules.map(resolveRule);
  if (new Set(rules.map(({ name }) => name)).size < rules.length) {
    throw new InvalidOptionError('rules', 'rules with different names', options.rules);
  }
  return {
    name: text('name', options.name ?? 'alerts'),
    rules,
    intervalMs: duration('intervalMs', options.intervalMs ?? 15_000, 1),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

function resolveRule(rule: AlertRule, index: number): ResolvedRule {
  const path = `rules[${index}]`;
  object(path, rule);
  const bad = oneOf(`${path}.bad`, rule.bad ?? 'above', ['above', 'below']);
  const threshold = finite(`${path}.threshold`, rule.threshold);
  const clearThreshold = finite(`${path}.clearThreshold`, rule.clearThreshold ?? threshold);
  if (bad === 'above' ? clearThreshold > threshold : clearThreshold < threshold) {
    const side = bad === 'above' ? 'at most' : 'at least';
    throw new InvalidOptionError(`${path}.clearThreshold`, `${side} the threshold`, clearThreshold);
  }
  const held = methods(path, rule, 'evaluate');
  return {
    name: text(`${path}.name`, rule.name),
    severity: oneOf(`${path}.severity`, rule.severity, ['critical', 'warning', 'info']),
    evaluate: () => held.evaluate(),
    threshold,
    clearThreshold,
    bad,
    forMs: duration(`${path}.forMs`, rule.forMs ?? 0),
    keepFiringForMs: duration(`${path}.keepFiringForMs`, rule.keepFiringForMs ?? 0),
    summary: rule.summary,
  };
}

function finite(option: string, value: number): number {
  if (Number.isFinite(value)) return value;
  throw new InvalidOptionError(option, 'a finite number', value);
}
