import { atLeast, callable, InvalidOptionError, methods, oneOf, text } from '@holdfast/core';
import { type Signal, type SignalKind, signalKinds } from '../signal.ts';

/** A share of something that runs out, 1 when it has: a pool's `running / limit`. */
export function ratio(name: string, read: () => number, kind: SignalKind = 'capacity'): Signal {
  return {
    name: text('name', name),
    kind: oneOf('kind', kind, signalKinds),
    read: methods('signal', { read }, 'read').read,
  };
}

export interface ScaledOptions {
  /** What counts as no load; at least 0. Defaults to 0. */
  readonly calm?: number | undefined;
  /** What counts as 1; over `calm`. */
  readonly full: number;
  /** Defaults to `'queueing'`. */
  readonly kind?: SignalKind | undefined;
}

/** A quantity with a unit, such as the milliseconds that a pool lets its callers wait: 0 at `calm`, 1 at `full`. */
export function scaled(name: string, read: () => number, options: ScaledOptions): Signal {
  const calm = atLeast('calm', options.calm ?? 0, 0);
  const full = atLeast('full', options.full, calm);
  if (full === calm) throw new InvalidOptionError('full', 'over calm', full);
  callable('read', read);
  return ratio(name, () => Math.max(0, read() - calm) / (full - calm), options.kind ?? 'queueing');
}
