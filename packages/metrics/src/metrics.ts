import { EventHub, type EventSource, methods, oneOf, text, type Unsubscribe } from '@holdfast/core';

import { Bindings } from './bindings.ts';
import type { Component } from './components/component.ts';
import { componentKinds } from './components/kinds.ts';
import { MetricConflictError } from './errors.ts';
import type { MetricsEvent } from './events.ts';
import { FamilyRegistry } from './family-registry.ts';
import type { Family, FamilySink } from './family.ts';
import { Counter } from './instruments/counter.ts';
import {
  histogramFamily,
  observableFamily,
  type Readings,
  readingsOf,
  scalarFamily,
} from './instruments/families.ts';
import { Gauge } from './instruments/gauge.ts';
import { Histogram } from './instruments/histogram.ts';
import { Labelled, type SeriesBudget } from './instruments/labelled.ts';
import type { SeriesPlace, Tally } from './instruments/tally.ts';
import {
  type BucketOptions,
  type Definition,
  type InstrumentOptions,
  type LabelledObservableOptions,
  type LabelledOptions,
  type MetricsOptions,
  type ObservableOptions,
  resolveDefinition,
  type ResolvedMetricsOptions,
  resolveOptions,
  shapeOf,
} from './options.ts';
import { SelfReport } from './self-report.ts';

/** Lets go of what it was returned for; calling it again does nothing. */
export type Unbind = () => void;

/** One metric's series and what tells two definitions apart. */
interface Held {
  readonly shape: string;
  readonly series: Labelled<Counter | Gauge | Histogram, string> | undefined;
}

/**
 * A registry of metrics. Instruments count what the application tells them; components that count for themselves are
 * bound and read when somebody looks, so that watching them costs nothing in between.
 *
 * Invariants:
 * - a name stands for one shape: type, labels, buckets and help;
 * - whatever the labels, there are never more series than the limits allow, plus one per metric;
 * - what cannot be read is missing from a scrape and counted, but never breaks it.
 */
export class Metrics {
  readonly #options: ResolvedMetricsOptions;
  readonly #hub = new EventHub<MetricsEvent>();
  readonly #report: SelfReport;
  readonly #registry = new FamilyRegistry();
  readonly #held = new Map<string, Held>();
  readonly #bindings = new Map<string, Bindings>();
  readonly #budget: SeriesBudget;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: MetricsOptions = {}) {
    this.#options = resolveOptions(options);
    this.#budget = { remaining: this.#options.maxTotalSeries };
    this.#report = new SelfReport(this.#options.prefix, this.#options.clock, this.#hub);
    this.#register(this.#report.families, 'a metric of the registry itself');
  }

  get events(): EventSource<MetricsEvent> {
    return this.#hub;
  }

  /**
   * A number that only grows; its name ends in `_total`. With `labels` it has a series for each set of values, which
   * `with()` finds. Asking again with the same name and shape gives the same instrument.
   *
   * @throws {InvalidOptionError} on a name, label or help text that Prometheus or its linter would refuse.
   * @throws {MetricConflictError} if the name stands for something else.
   */
  counter(name: string, options: InstrumentOptions): Counter;
  counter<const Label extends string>(
    name: string,
    options: LabelledOptions<Label>,
  ): Labelled<Counter, Label>;
  counter(
    name: string,
    options: InstrumentOptions | LabelledOptions<string>,
  ): Counter | Labelled<Counter, string> {
    const definition = resolveDefinition('counter', name, options, this.#options);
    const series = this.#instrument(definition, (place) => new Counter(place), scalarFamily);
    return options.labels === undefined ? series.with({}) : series;
  }

  /** A number that goes up and down. Otherwise as {@link counter}; the name has no reserved suffix. */
  gauge(name: string, options: InstrumentOptions): Gauge;
  gauge<const Label extends string>(name: string, options: LabelledOptions<Label>): Labelled<Gauge, Label>;
  gauge(name: string, options: InstrumentOptions | LabelledOptions<string>): Gauge | Labelled<Gauge, string> {
    const definition = resolveDefinition('gauge', name, options, this.#options);
    const series = this.#instrument(definition, (place) => new Gauge(place), scalarFamily);
    return options.labels === undefined ? series.with({}) : series;
  }

  /** Observations sorted into buckets, in seconds or bytes by convention. Otherwise as {@link gauge}. */
  histogram(name: string, options: InstrumentOptions & BucketOptions): Histogram;
  histogram<const Label extends string>(
    name: string,
    options: LabelledOptions<Label> & BucketOptions,
  ): Labelled<Histogram, Label>;
  histogram(
    name: string,
    options: (InstrumentOptions | LabelledOptions<string>) & BucketOptions,
  ): Histogram | Labelled<Histogram, string> {
    const definition = resolveDefinition('histogram', name, options, this.#options);
    const create = (place: SeriesPlace): Histogram => new Histogram(place, definition.bounds);
    const series = this.#instrument(definition, create, histogramFamily);
    return options.labels === undefined ? series.with({}) : series;
  }

  /**
   * A counter that is read when somebody looks. `read` must not wait; when it throws, the metric is missing from
   * that scrape.
   *
   * @returns Takes the metric away.
   * @throws As {@link counter}, and if the name is taken at all.
   */
  observableCounter(name: string, options: ObservableOptions): Unbind;
  observableCounter<const Label extends string>(
    name: string,
    options: LabelledObservableOptions<Label>,
  ): Unbind;
  observableCounter(name: string, options: ObservableOptions | LabelledObservableOptions<string>): Unbind {
    return this.#observable(resolveDefinition('counter', name, options, this.#options), readingsOf(options));
  }

  /** A gauge that is read when somebody looks. Otherwise as {@link observableCounter}. */
  observableGauge(name: string, options: ObservableOptions): Unbind;
  observableGauge<const Label extends string>(
    name: string,
    options: LabelledObservableOptions<Label>,
  ): Unbind;
  observableGauge(name: string, options: ObservableOptions | LabelledObservableOptions<string>): Unbind {
    return this.#observable(resolveDefinition('gauge', name, options, this.#options), readingsOf(options));
  }

  /**
   * Shows what a Holdfast component counts, under the names of the catalogue. The component is asked for its
   * statistics at each scrape and at no other time.
   *
   * @returns Takes the component's series away.
   * @throws {InvalidOptionError} if it has no name or statistics, or is of a kind that is not known here.
   * @throws {DuplicateComponentError} if another one of its kind has its name.
   * @throws {MetricConflictError} if the name of one of its metrics stands for something else.
   */
  bind(component: Component): Unbind {
    text('component.name', methods('component', component, 'statistics').name);
    const { kind, bindings } = this.#bindingsFor(component);
    bindings.add(component);
    if (!this.#bindings.has(kind)) {
      this.#register(bindings.families, `a metric of the ${kind}s bound here`);
      this.#bindings.set(kind, bindings);
      this.#report.expect(kind);
    }
    return once(() => {
      bindings.remove(component);
      if (bindings.size > 0) return;
      this.#bindings.delete(kind);
      this.#unregister(bindings.families);
    });
  }

  /** Everything there is to read, in the order it came. */
  families(): readonly Family[] {
    return this.#registry.list();
  }

  /** Tells `sink` of every family there is, and of each that comes or goes. How exporters attach themselves. */
  follow(sink: FamilySink): Unsubscribe {
    return this.#registry.follow(sink);
  }

  #instrument<Child extends Counter | Gauge | Histogram>(
    definition: Definition,
    create: (place: SeriesPlace) => Child,
    familyOf: (definition: Definition, series: Labelled<Child, string>) => Family,
  ): Labelled<Child, string> {
    const { name, labels, maxSeries } = definition;
    const shape = shapeOf(definition);
    const held = this.#held.get(name);
    // The shape tells the type, and the type tells what the children are.
    if (held?.shape === shape && held.series !== undefined) return held.series as Labelled<Child, string>;
    const tally: Tally = { folded: 0, invalid: 0 };
    const onOverflow = (busiest: () => string): void => this.#report.overflowed(name, busiest);
    const series = new Labelled({ labels, maxSeries, budget: this.#budget, tally, create, onOverflow });
    this.#register([familyOf(definition, series)], shape, series);
    this.#report.watch(name, { tally, size: () => series.size });
    return series;
  }

  #observable(definition: Definition, read: () => Readings): Unbind {
    const { family, watched } = observableFamily(definition, read, this.#report);
    this.#register([family], `${shapeOf(definition)}, read by a callback`);
    this.#report.watch(definition.name, watched);
    return once(() => {
      this.#unregister([family]);
      this.#report.unwatch(definition.name);
    });
  }

  #bindingsFor(component: Component): { readonly kind: string; readonly bindings: Bindings } {
    const known = componentKinds.map((each) => each.component);
    const kind = oneOf('component.statistics().component', component.statistics().component, known);
    const held = this.#bindings.get(kind);
    if (held !== undefined) return { kind, bindings: held };
    const index = known.indexOf(kind);
    return { kind, bindings: new Bindings(componentKinds[index]!, this.#options.prefix, this.#report) };
  }

  #register(families: readonly Family[], shape: string, series?: Held['series']): void {
    for (const { name } of families) {
      const held = this.#held.get(name);
      if (held !== undefined) throw new MetricConflictError(name, { registered: held.shape, wanted: shape });
    }
    this.#registry.add(families);
    for (const { name } of families) this.#held.set(name, { shape, series });
  }

  #unregister(families: readonly Family[]): void {
    for (const { name } of families) this.#held.delete(name);
    this.#registry.remove(families);
  }
}

function once(run: () => void): () => void {
  let due = true;
  return () => {
    if (due) run();
    due = false;
  };
}
