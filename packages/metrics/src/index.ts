/**
 * Instruments for an application and a view of every Holdfast component, pulled when somebody looks.
 *
 * @module
 */
export type { Component, ComponentStatistics } from './components/component.ts';
export { DuplicateComponentError, MetricConflictError } from './errors.ts';
export type { MetricsEvent, ReadFailed, SeriesOverflowed } from './events.ts';
export type {
  CounterFamily,
  Distribution,
  Family,
  FamilySink,
  GaugeFamily,
  HistogramFamily,
  Labels,
  Sample,
} from './family.ts';
export type { Counter } from './instruments/counter.ts';
export type { Gauge } from './instruments/gauge.ts';
export type { Histogram } from './instruments/histogram.ts';
export type { Labelled, LabelValue } from './instruments/labelled.ts';
export { Metrics, type Unbind } from './metrics.ts';
export type {
  BucketOptions,
  InstrumentOptions,
  LabelledObservableOptions,
  LabelledOptions,
  MetricsOptions,
  ObservableOptions,
} from './options.ts';
