import {
  type Clock,
  duration,
  InvalidOptionError,
  methods,
  object,
  oneOf,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

import { type WindowName, windows } from './windows.ts';

/** What share of events has to be good. */
export interface Objective {
  readonly name: string;

  /** Share of events that must be good; over 0 and under 1. */
  readonly targetRatio: number;

  /**
   * The longest good duration, in milliseconds; with it, the objective is one of latency and looks at durations alone.
   * "p95 up to 500 ms" is a `targetRatio` of 0.95 and a `thresholdMs` of 500. Without it, an event is good unless it
   * failed.
   */
  readonly thresholdMs?: number | undefined;

  /** Over which the objective is judged. Defaults to `'30d'`. */
  readonly window?: WindowName | undefined;
}

export interface SlaOptions {
  /** Shown in reports and statistics. Defaults to `'sla'`. */
  readonly name?: string | undefined;

  /** With different names. Defaults to {@link defaultObjectives}. */
  readonly objectives?: readonly Objective[] | undefined;

  /** What an event is that the service's own limits turned away. Defaults to `'bad'`; it never counts for latency. */
  readonly rejected?: 'bad' | 'excluded' | undefined;

  /**
   * Events without which a window of an hour or more says nothing; shorter ones need a fifth of it. A whole number of
   * at least 1; defaults to 100.
   */
  readonly minEvents?: number | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** 99.9 % available over 30 days; over an hour less than 1 % errors, 95 % within 500 ms and 99 % within a second. */
export const defaultObjectives: readonly Objective[] = [
  { name: 'availability', targetRatio: 0.999, window: '30d' },
  { name: 'error-rate', targetRatio: 0.99, window: '1h' },
  { name: 'latency-p95', targetRatio: 0.95, thresholdMs: 500, window: '1h' },
  { name: 'latency-p99', targetRatio: 0.99, thresholdMs: 1_000, window: '1h' },
];

export interface ResolvedObjective {
  readonly name: string;
  readonly targetRatio: number;
  readonly thresholdMs: number | undefined;
  readonly window: WindowName;
}

export interface ResolvedSlaOptions {
  readonly name: string;
  readonly objectives: readonly ResolvedObjective[];
  readonly rejected: 'bad' | 'excluded';
  readonly minEvents: number;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: SlaOptions): ResolvedSlaOptions {
  object('options', options);
  const given = options.objectives ?? defaultObjectives;
  if (!Array.isArray(given)) throw new InvalidOptionError('objectives', 'an array of objectives', given);
  const objectives = given.map(resolveObjective);
  const names = new Set(objectives.map(({ name }) => name));
  if (objectives.length === 0 || names.size < objectives.length) {
    throw new InvalidOptionError('objectives', 'at least one, with different names', objectives);
  }
  return {
    name: text('name', options.name ?? 'sla'),
    objectives,
    rejected: oneOf('rejected', options.rejected ?? 'bad', ['bad', 'excluded']),
    minEvents: wholeNumber('minEvents', options.minEvents ?? 100, 1),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

function resolveObjective(objective: Objective, index: number): ResolvedObjective {
  const path = `objectives[${index}]`;
  const { targetRatio, thresholdMs } = object(path, objective);
  if (!(targetRatio > 0 && targetRatio < 1)) {
    throw new InvalidOptionError(`${path}.targetRatio`, 'a number over 0 and under 1', targetRatio);
  }
  return {
    name: text(`${path}.name`, objective.name),
    targetRatio,
    thresholdMs: thresholdMs === undefined ? undefined : duration(`${path}.thresholdMs`, thresholdMs),
    window: oneOf(
      `${path}.window`,
      objective.window ?? '30d',
      windows.map(({ name }) => name),
    ),
  };
}
