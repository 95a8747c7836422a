import { methods, type Unsubscribe } from '@holdfast/core';

import type { FamilySink } from '../family.ts';
import { PulledMetric } from './pulled-metric.ts';

/** What is needed of a registry of prom-client 15, or of its successor. */
export interface PrometheusRegistry {
  // `never`, because the clients declare their own classes here and take any object of the right shape.
  registerMetric(metric: never): void;
  removeSingleMetric(name: string): void;
}

/** Takes everything out of the registry again; calling it again does nothing. */
export type Unexpose = () => void;

/**
 * Makes everything in `metrics`, and whatever joins it later, appear in a registry that the application serves
 * already. Nothing is copied: the registry asks at each scrape.
 *
 * A name that the registry holds already is refused where it is registered or bound in `metrics`.
 *
 * @throws Whatever the registry throws when a name is taken; it then holds nothing of ours.
 */
export function exposeTo(
  registry: PrometheusRegistry,
  metrics: { follow(sink: FamilySink): Unsubscribe },
): Unexpose {
  methods('registry', registry, 'registerMetric', 'removeSingleMetric');
  return metrics.follow({
    added: (family) => registry.registerMetric(new PulledMetric(family) as never),
    removed: ({ name }) => registry.removeSingleMetric(name),
  });
}
