import type { Metrics, Sample } from '@holdfast/metrics';

/** The samples of one metric; fails the test if there is no such metric. */
export function samplesOf(metrics: Metrics, name: string): readonly Sample[] {
  const family = metrics.families().find((each) => each.name === name);
  if (family === undefined || family.type === 'histogram') throw new Error(`no counter or gauge ${name}`);
  return family.collect();
}

/** The samples of one metric as `label=value,… → number`. */
export function valuesOf(metrics: Metrics, name: string): Record<string, number> {
  return Object.fromEntries(
    samplesOf(metrics, name).map(({ labels, value }) => [
      Object.entries(labels)
        .map((pair) => pair.join('='))
        .join(','),
      value,
    ]),
  );
}
