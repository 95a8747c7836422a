import type {
  Component,
  ComponentKind,
  ComponentMetric,
  ComponentStatistics,
} from './components/component.ts';
import { DuplicateComponentError } from './errors.ts';
import type { Family, Sample } from './family.ts';

/** How many times reading a component failed, and whom to tell. */
export interface ReadFailures {
  failed(kind: string, name: string, error: unknown): void;
}

/**
 * The bound components of one kind, as families. A component is asked for its statistics once for a whole scrape.
 *
 * Invariant: no two components give the same series. Most metrics carry the component's name; of the others, the
 * component bound first has the series.
 */
export class Bindings {
  readonly families: readonly Family[];
  readonly #kind: ComponentKind;
  readonly #failures: ReadFailures;
  readonly #components = new Map<string, Bound>();

  constructor(kind: ComponentKind, prefix: string, failures: ReadFailures) {
    this.#kind = kind;
    this.#failures = failures;
    this.families = kind.metrics.map(({ name, help, type, ...metric }) => ({
      name: prefix + name,
      help,
      type,
      collect: () => this.#collect({ name, help, type, ...metric }),
    }));
  }

  get size(): number {
    return this.#components.size;
  }

  /** @throws {DuplicateComponentError} if the name or a series is taken. */
  add(component: Component): void {
    const { name } = component;
    const kind = this.#kind.component;
    if (this.#components.has(name)) throw new DuplicateComponentError(kind, name, 'the name is taken');
    const bound = new Bound(component);
    for (const metric of this.#kind.metrics.filter(({ label }) => label === undefined)) {
      const taken = new Set(this.#collect(metric).map(identity));
      const clash = samplesOf(metric, name, bound.read(metric.name)).find((sample) =>
        taken.has(identity(sample)),
      );
      if (clash === undefined) continue;
      const values = Object.values(clash.labels).join(', ');
      throw new DuplicateComponentError(kind, name, `another one already has ${metric.name} of ${values}`);
    }
    this.#components.set(name, bound);
  }

  remove(component: Component): void {
    if (this.#components.get(component.name)?.component === component)
      this.#components.delete(component.name);
  }

  #collect(metric: ComponentMetric<never>): readonly Sample[] {
    const samples: Sample[] = [];
    const taken = new Set<string>();
    for (const [name, bound] of this.#components) {
      for (const sample of this.#read(metric, name, bound)) {
        // Named series cannot clash; only the others are worth the check.
        if (metric.label === undefined) {
          const own = identity(sample);
          if (taken.has(own)) continue;
          taken.add(own);
        }
        samples.push(sample);
      }
    }
    return samples;
  }

  #read(metric: ComponentMetric<never>, name: string, bound: Bound): readonly Sample[] {
    try {
      return samplesOf(metric, name, bound.read(metric.name));
    } catch (error) {
      this.#failures.failed(this.#kind.component, name, error);
      return [];
    }
  }
}

/** A component and the last look at it, which serves each metric once and ends with the turn of the event loop. */
class Bound {
  readonly component: Component;
  readonly #served = new Set<string>();
  #statistics: ComponentStatistics | undefined;

  constructor(component: Component) {
    this.component = component;
  }

  read(metric: string): ComponentStatistics {
    if (this.#served.has(metric)) this.#forget();
    if (this.#statistics === undefined) {
      this.#statistics = this.component.statistics();
      queueMicrotask(() => this.#forget());
    }
    this.#served.add(metric);
    return this.#statistics;
  }

  #forget(): void {
    this.#statistics = undefined;
    this.#served.clear();
  }
}

function samplesOf(
  metric: ComponentMetric<never>,
  name: string,
  statistics: ComponentStatistics,
): readonly Sample[] {
  const own = metric.label === undefined ? {} : { [metric.label]: name };
  const samples: Sample[] = [];
  for (const [value, labels] of metric.read(statistics as never)) {
    if (typeof value === 'number') samples.push({ labels: { ...own, ...labels }, value });
  }
  return samples;
}

function identity(sample: Sample): string {
  return JSON.stringify(Object.values(sample.labels));
}
