import { AggregatorRegistry, Counter as ClientCounter, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';

import { AlertManager } from '@holdfast/metrics/alerts';
import { Health } from '@holdfast/metrics/health';
import { Metrics } from '@holdfast/metrics';
import { exposeTo, renderText, textContentType } from '@holdfast/metrics/prometheus';
import { SlaTracker } from '@holdfast/metrics/sla';
import { linesOf, problemsOf } from './model/exposition-lint.ts';
import * as specimens from './model/specimens.ts';

const { Specimen: _, ...kinds } = specimens;
const { breaker, dedupe } = kinds;

const help = 'Something that matters';

/** One of everything, with values that are hard to write down. */
function everything(): Metrics {
  const metrics = new Metrics();
  for (const kind of Object.values(kinds)) {
    metrics.bind(kind('first'));
    metrics.bind(kind('second "quoted"\\'));
  }
  const sla = new SlaTracker();
  sla.record({ durationMs: 12, outcome: 'success' });
  metrics.bind(sla);
  const rule = { name: 'r', severity: 'info', threshold: 1, evaluate: () => 1 } as const;
  metrics.bind(new AlertManager({ rules: [rule] }));
  metrics.bind(new Health({ checks: [{ name: 'c', check: () => undefined }] }));
  const visits = metrics.counter('visits_total', { help: 'Back\\slash', labels: ['page'] });
  visits.with({ page: 'a"b\\c' }).add();
  metrics.gauge('depth', { help }).set(-Infinity);
  const times = metrics.histogram('time_seconds', { help, labels: ['page'], buckets: [0.005, 1, 10] });
  for (const seconds of [0.001, 0.5, 1, 99]) times.with({ page: '/' }).observe(seconds);
  metrics.histogram('body_size_bytes', { help, buckets: [128, 2_097_152] }).observe(7);
  return metrics;
}

const valueOf = (text: string, name: string, labels = ''): number | undefined =>
  linesOf(text).find((line) => line.name === name && line.labels === labels)?.value;

describe('exposeTo', () => {
  it('gives prom-client a text without anything that promtool would object to', async () => {
    const registry = new Registry();
    exposeTo(registry, everything());

    const text = await registry.metrics();

    expect(problemsOf(text)).toEqual([]);
    expect(linesOf(text).length).toBeGreaterThan(200);
  });

  it('renders every series with its value', async () => {
    const registry = new Registry();
    exposeTo(registry, everything());

    const text = await registry.metrics();

    expect(text).toContain(
      '# HELP visits_total Back\\\\slash\n# TYPE visits_total counter\nvisits_total{page="a\\"b\\\\c"} 1\n',
    );
    expect(text).toContain('depth -Inf\n');
    expect(text).toContain('resilience_bulkhead_active{name="first"} 3\n');
    expect(
      linesOf(text)
        .filter(({ name }) => name.startsWith('time_seconds'))
        .map(({ name, labels, value }) => `${name} ${labels} ${value}`),
    ).toEqual([
      'time_seconds_bucket le="0.005",page="/" 1',
      'time_seconds_bucket le="1.0",page="/" 3',
      'time_seconds_bucket le="10.0",page="/" 3',
      'time_seconds_bucket le="+Inf",page="/" 4',
      'time_seconds_sum page="/" 100.501',
      'time_seconds_count page="/" 4',
    ]);
    expect(text).toContain('body_size_bytes_bucket{le="2.097152e+06"} 1\n');
  });

  it('follows what happens after it was attached', async () => {
    const registry = new Registry();
    const metrics = new Metrics();
    exposeTo(registry, metrics);
    const component = dedupe('late');
    const unbind = metrics.bind(component);
    const jobs = metrics.counter('jobs_total', { help });
    const before = await registry.metrics();

    jobs.add(2);
    component.fields['inFlight'] = 7;
    const after = await registry.metrics();
    unbind();

    expect(valueOf(before, 'jobs_total')).toBe(0);
    expect(valueOf(after, 'jobs_total')).toBe(2);
    expect(valueOf(before, 'resilience_dedupe_inflight', 'name="late"')).toBe(1);
    expect(valueOf(after, 'resilience_dedupe_inflight', 'name="late"')).toBe(7);
    expect(await registry.metrics()).not.toContain('resilience_dedupe');
  });

  it('asks a component once for each scrape', async () => {
    const registry = new Registry();
    const metrics = new Metrics();
    const component = breaker('a');
    exposeTo(registry, metrics);
    metrics.bind(component);
    const bound = component.reads;

    await registry.metrics();
    await registry.metrics();

    expect(component.reads - bound).toBe(2);
  });

  it('stands beside the metrics of the application and its default labels', async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ app: 'shop' });
    new ClientCounter({ name: 'own_total', help, registers: [registry] }).inc();
    const metrics = new Metrics();
    exposeTo(registry, metrics);
    metrics
      .counter('jobs_total', { help, labels: ['queue'] })
      .with({ queue: 'mail' })
      .add();

    const text = await registry.metrics();

    expect(text).toContain('own_total{app="shop"} 1\n');
    expect(text).toContain('jobs_total{app="shop",queue="mail"} 1\n');
    expect(problemsOf(text)).toEqual([]);
  });

  it('names counters rightly in OpenMetrics, again and again', async () => {
    const registry = new Registry();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const metrics = new Metrics();
    exposeTo(registry, metrics);
    const jobs = metrics.counter('jobs_total', { help });

    await registry.metrics();
    jobs.add();
    const text = await registry.metrics();

    expect(text).toContain('# TYPE jobs counter\njobs_total 1\n');
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  it('gives JSON that prom-client can add up over processes, averaging shares', async () => {
    const registry = new Registry();
    const metrics = new Metrics();
    exposeTo(registry, metrics);
    metrics.bind(breaker('a', { failureRatio: 0.5, lastTransitionAt: 9_000 }));
    metrics.histogram('time_seconds', { help, buckets: [1] }).observe(0.5);
    const json = await registry.getMetricsAsJSON();

    const text = await AggregatorRegistry.aggregate([json, json]).metrics();

    expect(valueOf(text, 'time_seconds_bucket', 'le="1.0"')).toBe(2);
    expect(valueOf(text, 'time_seconds_count')).toBe(2);
    expect(valueOf(text, 'resilience_circuit_breaker_failure_ratio', 'name="a"')).toBe(0.5);
    expect(valueOf(text, 'resilience_circuit_breaker_last_transition_timestamp_seconds', 'name="a"')).toBe(9);
  });

  it('keeps its numbers when the client resets its own', async () => {
    const registry = new Registry();
    const metrics = new Metrics();
    exposeTo(registry, metrics);
    metrics.counter('jobs_total', { help }).add(3);

    registry.resetMetrics();

    expect(valueOf(await registry.metrics(), 'jobs_total')).toBe(3);
  });

  it('attaches nothing if one name is taken', async () => {
    const registry = new Registry();
    const own = new ClientCounter({ name: 'jobs_total', help, registers: [registry] });
    const metrics = new Metrics();
    metrics.counter('jobs_total', { help });

    expect(() => exposeTo(registry, metrics)).toThrow(/jobs_total has already been registered/);
    expect(registry.getMetricsAsArray()).toEqual([own]);
  });

  it('refuses a later metric whose name is taken, where it is made, and withdraws it everywhere', () => {
    const taken = new Registry();
    const free = new Registry();
    const own = new ClientCounter({ name: 'jobs_total', help, registers: [taken] });
    const metrics = new Metrics();
    exposeTo(free, metrics);
    exposeTo(taken, metrics);

    expect(() => metrics.counter('jobs_total', { help })).toThrow(/already been registered/);
    expect(free.getSingleMetric('jobs_total')).toBeUndefined();
    expect(taken.getSingleMetric('jobs_total')).toBe(own);
    expect(metrics.families().map(({ name }) => name)).not.toContain('jobs_total');
  });

  it('takes everything out again', () => {
    const registry = new Registry();
    const metrics = everything();
    const unexpose = exposeTo(registry, metrics);

    unexpose();
    metrics.gauge('later', { help });

    expect(registry.getMetricsAsArray()).toEqual([]);
  });

  it('refuses what is no registry', () => {
    expect(() => exposeTo({} as never, new Metrics())).toThrow(
      'registry must be an object with registerMetric(), removeSingleMetric()',
    );
  });
});

describe('renderText', () => {
  it('gives the same series as prom-client does', async () => {
    const registry = new Registry();
    const metrics = everything();
    exposeTo(registry, metrics);
    const sorted = (text: string): string[] =>
      linesOf(text)
        .map(
          ({ name, labels, value }) =>
            `${name} ${labels
              .split(/,(?=[a-z_]+=)/)
              .toSorted()
              .join()} ${value}`,
        )
        .toSorted();

    const text = renderText(metrics);

    expect(sorted(text)).toEqual(sorted(await registry.metrics()));
    expect(problemsOf(text)).toEqual([]);
    expect(textContentType).toBe(Registry.PROMETHEUS_CONTENT_TYPE);
  });
});
