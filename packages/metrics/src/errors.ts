import { HoldfastError } from '@holdfast/core';

/** The name is taken by a metric of another type, other labels, buckets or help. Nothing was registered. */
export class MetricConflictError extends HoldfastError {
  override readonly name = 'MetricConflictError';
  readonly code = 'ERR_METRIC_CONFLICT';
  readonly metric: string;

  /** @param shapes - What is registered, and what was asked for, in words. */
  constructor(metric: string, shapes: { readonly registered: string; readonly wanted: string }) {
    super(`${metric} is registered as ${shapes.registered}, so it cannot be ${shapes.wanted}`);
    this.metric = metric;
  }
}

/** Another component of that kind already has the name, or one of the series. Nothing was bound. */
export class DuplicateComponentError extends HoldfastError {
  override readonly name = 'DuplicateComponentError';
  readonly code = 'ERR_DUPLICATE_COMPONENT';
  /** The kind, such as `circuit-breaker`. */
  readonly kind: string;
  /** The `name` option of the component that was refused. */
  readonly component: string;

  constructor(kind: string, component: string, reason: string) {
    super(`${kind} '${component}' cannot be bound: ${reason}`);
    this.kind = kind;
    this.component = component;
  }
}
