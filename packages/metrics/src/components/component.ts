import type { Labels } from '../family.ts';

/** What {@link Metrics.bind} takes: anything with a name that counts for itself. */
export interface Component {
  readonly name: string;
  /** A fresh plain object. Its field `component` says which kind it is. */
  statistics(): ComponentStatistics;
}

export interface ComponentStatistics {
  /** The kind, such as `circuit-breaker`. */
  readonly component: string;
}

/** One number and the labels it has besides the component's own. A number that is `undefined` is left out. */
export type Reading = readonly [value: number | undefined, labels?: Labels | undefined];

/** One metric of a kind of component. */
export interface ComponentMetric<Statistics> {
  /** Without the prefix. */
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** The label that carries the component's name; without one, components of the kind share the series. */
  readonly label: string | undefined;
  /** Fields that the component does not have give no reading, so that versions may differ. */
  read(statistics: Statistics): readonly Reading[];
}

/** How the statistics of one kind of component become metrics. */
export interface ComponentKind {
  readonly component: string;
  readonly metrics: readonly ComponentMetric<never>[];
}

type Define<Statistics> = (
  name: string,
  help: string,
  read: (statistics: Statistics) => readonly Reading[],
) => ComponentMetric<Statistics>;

/** Makes the metrics of a kind; `label` is the one that carries the component's name. */
export function metricsOf<Statistics>(label: string | undefined): {
  readonly counter: Define<Statistics>;
  readonly gauge: Define<Statistics>;
} {
  return {
    counter: (name, help, read) => ({ type: 'counter', name, help, label, read }),
    gauge: (name, help, read) => ({ type: 'gauge', name, help, label, read }),
  };
}

/** A reading for each field, labelled with its name in `names`, or in snake case if it is not there. */
export function byField(
  label: string,
  counts: Readonly<Record<string, number | undefined>> | undefined,
  names: Readonly<Record<string, string>> = {},
): readonly Reading[] {
  return Object.entries(counts ?? {}).map(([field, count]) => [
    count,
    { [label]: names[field] ?? snakeCase(field) },
  ]);
}

/** A state set: 1 for the present state and 0 for every other one. */
export function stateSet(label: string, states: readonly string[], present: string): readonly Reading[] {
  const known = states.includes(present) ? states : [...states, present];
  return known.map((state) => [state === present ? 1 : 0, { [label]: state }]);
}

/** Milliseconds as seconds, the base unit of every metric. */
export function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

/** `rejectedFull` and `half-open` as `rejected_full` and `half_open`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll('-', '_');
}
