import { ManualClock, settle } from '@holdfast/core/testing';
import { describe, expect, expectTypeOf, it } from 'vitest';

import { type Counter, type Labelled, Metrics, type MetricsEvent } from '@holdfast/metrics';
import { samplesOf, valuesOf } from './model/readings.ts';

const help = 'Something that matters';

describe('Metrics', () => {
  it('counts in a counter without labels from 0', () => {
    const metrics = new Metrics();
    const jobs = metrics.counter('jobs_total', { help });
    expect(samplesOf(metrics, 'jobs_total')).toEqual([{ labels: {}, value: 0 }]);

    jobs.add();
    jobs.add(2.5);

    expect(samplesOf(metrics, 'jobs_total')).toEqual([{ labels: {}, value: 3.5 }]);
  });

  it('keeps a series for each set of label values', () => {
    const metrics = new Metrics();
    const jobs = metrics.counter('jobs_total', { help, labels: ['queue', 'urgent'] });

    jobs.with({ queue: 'mail', urgent: true }).add();
    jobs.with({ urgent: true, queue: 'mail' }).add();
    jobs.with({ queue: 'mail', urgent: false }).add(5);

    expect(valuesOf(metrics, 'jobs_total')).toEqual({
      'queue=mail,urgent=true': 2,
      'queue=mail,urgent=false': 5,
    });
  });

  it('gives the same child for the same labels', () => {
    const jobs = new Metrics().counter('jobs_total', { help, labels: ['queue'] });

    expect(jobs.with({ queue: '1' })).toBe(jobs.with({ queue: 1 }));
  });

  it('types the labels of an instrument', () => {
    const metrics = new Metrics();
    const plain = metrics.counter('a_total', { help });
    const labelled = metrics.counter('b_total', { help, labels: ['queue'] });

    expectTypeOf(plain).toEqualTypeOf<Counter>();
    expectTypeOf(labelled).toEqualTypeOf<Labelled<Counter, 'queue'>>();
    // @ts-expect-error -- not a label of this metric
    expect(() => labelled.with({ que: 'mail' })).toThrow(/labels.queue must be a string, number or boolean/);
  });

  it('moves a gauge both ways', () => {
    const metrics = new Metrics();
    const temperature = metrics.gauge('temperature_celsius', { help });

    temperature.set(20);
    temperature.add(-22);

    expect(temperature.value).toBe(-2);
  });

  it('sorts observations into buckets with their upper bound inside', () => {
    const metrics = new Metrics();
    const sizes = metrics.histogram('size_bytes', { help, buckets: [1, 2, 4] });

    for (const size of [0.5, 1, 1.5, 4, 9]) sizes.observe(size);

    expect(sizes.read()).toEqual({ labels: {}, cumulative: [2, 3, 4], count: 5, sum: 16 });
  });

  it('leaves out what is no number and counts that it did', () => {
    const metrics = new Metrics();
    const counter = metrics.counter('a_total', { help });
    const gauge = metrics.gauge('b', { help });
    const histogram = metrics.histogram('c', { help, buckets: [1] });

    for (const amount of [-1, Number.NaN, Infinity]) counter.add(amount);
    gauge.set(Number.NaN);
    for (const value of [Number.NaN, Infinity]) histogram.observe(value);

    expect([counter.value, gauge.value, histogram.read().count]).toEqual([0, 0, 0]);
    expect(valuesOf(metrics, 'resilience_observer_errors_total')).toEqual({
      'component=a_total': 3,
      'component=b': 1,
      'component=c': 2,
    });
  });

  it('gives the same instrument for the same name and shape', () => {
    const metrics = new Metrics();

    expect(metrics.counter('a_total', { help })).toBe(metrics.counter('a_total', { help }));
    expect(metrics.histogram('b', { help, buckets: [1, 2], labels: ['x'] })).toBe(
      metrics.histogram('b', { help, buckets: [1, 2], labels: ['x'] }),
    );
  });

  it.each([
    ['other labels', (metrics: Metrics) => metrics.gauge('a', { help, labels: ['y'] })],
    ['no labels', (metrics: Metrics) => metrics.gauge('a', { help })],
    ['another type', (metrics: Metrics) => metrics.histogram('a', { help, labels: ['x'], buckets: [1] })],
    ['another help text', (metrics: Metrics) => metrics.gauge('a', { help: 'Else', labels: ['x'] })],
    [
      'a callback',
      (metrics: Metrics) => metrics.observableGauge('a', { help, labels: ['x'], read: () => [] }),
    ],
  ])('refuses the same name with %s', (_, again) => {
    const metrics = new Metrics();
    metrics.gauge('a', { help, labels: ['x'] });

    expect(() => again(metrics)).toThrow(
      expect.objectContaining({
        code: 'ERR_METRIC_CONFLICT',
        metric: 'a',
        message: expect.stringContaining('a is registered as a gauge with labels [x]'),
      }),
    );
  });

  it('refuses the same histogram with other buckets', () => {
    const metrics = new Metrics();
    metrics.histogram('a', { help, buckets: [1, 2] });

    expect(() => metrics.histogram('a', { help, buckets: [1, 3] })).toThrow(/and buckets \[1, 2\]/);
  });

  it.each(['', '9lives', 'with-dash', 'with:colon', 'wörld', 'a b'])('refuses the name %j', (name) => {
    expect(() => new Metrics().gauge(name, { help })).toThrow(
      /^name must be letters, digits and underscores/,
    );
  });

  it('refuses names whose suffix means something else', () => {
    const metrics = new Metrics();

    expect(() => metrics.counter('jobs', { help })).toThrow(
      "name must be a counter name that ends in _total, got 'jobs'",
    );
    for (const name of ['a_total', 'a_sum', 'a_count', 'a_bucket']) {
      expect(() => metrics.gauge(name, { help })).toThrow(/without the suffix/);
      expect(() => metrics.histogram(name, { help, buckets: [1] })).toThrow(/without the suffix/);
    }
  });

  it.each([[['a', 'a']], [['__a']], [['9']], [['a-b']], [['']]])('refuses the labels %j', (labels) => {
    expect(() => new Metrics().gauge('a', { help, labels })).toThrow(/^labels must be/);
  });

  it('refuses the label le on a histogram only', () => {
    const metrics = new Metrics();

    expect(() => metrics.histogram('a', { help, buckets: [1], labels: ['le'] })).toThrow(/other than le/);
    expect(metrics.gauge('b', { help, labels: ['le'] }).size).toBe(0);
  });

  it.each([[[]], [[1, 1]], [[2, 1]], [[1, Infinity]], [[Number.NaN]], [undefined as unknown as number[]]])(
    'refuses the buckets %j',
    (buckets) => {
      expect(() => new Metrics().histogram('a', { help, buckets })).toThrow(/^buckets must be/);
    },
  );

  it('refuses an empty help text', () => {
    expect(() => new Metrics().gauge('a', { help: '' })).toThrow('help must be a string that is not empty');
  });

  it.each([
    ['prefix', '9'],
    ['prefix', 'a-'],
    ['maxSeries', 0],
    ['maxHistogramSeries', 1.5],
    ['maxTotalSeries', -1],
    ['clock', {}],
  ])('refuses the option %s of %j', (option, value) => {
    expect(() => new Metrics({ [option]: value })).toThrow(new RegExp(`^${option} must be`));
  });

  it('refuses labels that are missing, unknown or no plain values', () => {
    const jobs = new Metrics().counter('jobs_total', { help, labels: ['queue'] });

    expect(() => jobs.with({} as never)).toThrow(
      'labels.queue must be a string, number or boolean, got undefined',
    );
    expect(() => jobs.with({ queue: {} } as never)).toThrow(/labels.queue must be/);
    expect(() => jobs.with({ queue: 'a', x: 'b' } as never)).toThrow(
      "labels must be exactly queue, got 'queue, x'",
    );
    expect(() =>
      new Metrics().counter('a_total', { help, labels: ['constructor'] }).with({} as never),
    ).toThrow(/labels.constructor must be/);
  });

  it('cuts label values to 128 characters, without breaking one, and takes control characters out', () => {
    const metrics = new Metrics();
    const visits = metrics.counter('visits_total', { help, labels: ['page'] });

    visits.with({ page: `a\u0000\n\u007fb` }).add();
    visits.with({ page: `${'x'.repeat(127)}😀` }).add();
    visits.with({ page: `${'x'.repeat(127)}🚀` }).add();

    visits.with({ page: '\uD800' }).add();

    expect(samplesOf(metrics, 'visits_total').map(({ labels, value }) => [labels['page'], value])).toEqual([
      ['ab', 1],
      [`${'x'.repeat(127)}\uFFFD`, 1 + 1],
      ['\uFFFD', 1],
    ]);
  });

  it('folds what no longer fits into one series and counts it', () => {
    const metrics = new Metrics({ maxSeries: 2 });
    const visits = metrics.counter('visits_total', { help, labels: ['page', 'code'] });

    for (const page of ['a', 'b', 'c', 'd', 'a']) visits.with({ page, code: 200 }).add(10);

    expect(valuesOf(metrics, 'visits_total')).toEqual({
      'page=a,code=200': 20,
      'page=b,code=200': 10,
      'page=__overflow__,code=__overflow__': 20,
    });
    expect(valuesOf(metrics, 'resilience_metrics_series_overflow_total')).toEqual({
      'metric=visits_total': 2,
    });
    expect(valuesOf(metrics, 'resilience_metrics_series')).toEqual({ 'metric=visits_total': 3 });
  });

  it('counts each observation of a kept overflow child', () => {
    const metrics = new Metrics({ maxHistogramSeries: 1 });
    const times = metrics.histogram('time_seconds', { help, labels: ['page'], buckets: [1] });
    times.with({ page: 'a' }).observe(1);
    const late = times.with({ page: 'b' });

    late.observe(1);
    late.observe(2);

    expect(late.read()).toMatchObject({ labels: { page: '__overflow__' }, count: 2 });
    expect(valuesOf(metrics, 'resilience_metrics_series_overflow_total')).toEqual({
      'metric=time_seconds': 2,
    });
  });

  it('limits all instruments together, but never a metric without labels', () => {
    const metrics = new Metrics({ maxTotalSeries: 2 });
    const first = metrics.gauge('first', { help, labels: ['x'] });
    const second = metrics.gauge('second', { help, labels: ['x'], maxSeries: 5 });
    first.with({ x: 1 });
    second.with({ x: 1 });
    second.with({ x: 2 }).set(1);

    metrics.counter('plain_total', { help }).add();

    expect(valuesOf(metrics, 'second')).toEqual({ 'x=1': 0, 'x=__overflow__': 1 });
    expect(valuesOf(metrics, 'plain_total')).toEqual({ '': 1 });
    expect(second.remove({ x: 1 })).toBe(true);
    expect(first.remove({ x: 1 })).toBe(true);
    expect(first.remove({ x: 1 })).toBe(false);
    expect(first.with({ x: 3 }).labels).toEqual({ x: '3' });
  });

  it('tells once an hour which label overflowed', async () => {
    const clock = new ManualClock();
    const metrics = new Metrics({ maxSeries: 3, clock });
    const visits = metrics.counter('visits_total', { help, labels: ['code', 'page'] });
    const events: MetricsEvent[] = [];
    metrics.events.subscribe((event) => events.push(event));

    for (let page = 0; page < 10; page += 1) visits.with({ code: 200, page }).add();
    expect(events).toEqual([{ type: 'overflowed', metric: 'visits_total', label: 'page', series: 3 }]);

    await clock.advance(3_600_000);
    visits.with({ code: 200, page: 99 });
    expect(events).toHaveLength(2);
  });

  it('reads observable metrics when somebody looks, and only then', () => {
    const metrics = new Metrics();
    let reads = 0;
    metrics.observableGauge('heap_bytes', { help, read: () => (reads += 1) });
    metrics.observableCounter('frames_total', {
      help,
      labels: ['link'],
      read: () => [
        { labels: { link: 'up' }, value: 3 },
        { labels: { link: 'down' }, value: 4 },
        { labels: { link: 'up' }, value: 1 },
      ],
    });
    expect(reads).toBe(0);

    expect(valuesOf(metrics, 'heap_bytes')).toEqual({ '': 1 });
    expect(valuesOf(metrics, 'frames_total')).toEqual({ 'link=up': 4, 'link=down': 4 });
    expect(reads).toBe(1);
  });

  it('limits the series of observable metrics', () => {
    const metrics = new Metrics();
    const read = (): { labels: { id: string }; value: number }[] =>
      ['a', 'b', 'c', 'd'].map((id) => ({ labels: { id }, value: 1 }));
    metrics.observableGauge('things', { help, labels: ['id'], maxSeries: 2, read });

    expect(valuesOf(metrics, 'things')).toEqual({ 'id=a': 1, 'id=b': 1, 'id=__overflow__': 2 });
    expect(valuesOf(metrics, 'resilience_metrics_series')).toEqual({ 'metric=things': 3 });
  });

  it.each([
    ['observableGauge', 'bytes', Number.NaN],
    ['observableGauge', 'bytes', '7'],
    ['observableCounter', 'bytes_total', Number.NaN],
    ['observableCounter', 'bytes_total', -1],
    ['observableCounter', 'bytes_total', Infinity],
  ] as const)('leaves out and counts what an %s %s reads that is no value: %s', (kind, name, value) => {
    const metrics = new Metrics();
    const read = () => [
      { labels: { area: 'bad' }, value: value as number },
      { labels: { area: 'good' }, value: 1 },
    ];
    metrics[kind](name, { help, labels: ['area'], read });

    expect(valuesOf(metrics, name)).toEqual({ 'area=good': 1 });
    expect(valuesOf(metrics, 'resilience_observer_errors_total')).toEqual({ [`component=${name}`]: 1 });
  });

  it('leaves out and counts observable metrics that are asynchronous by mistake, whatever comes of them', async () => {
    const metrics = new Metrics();
    const read = (): never => Promise.reject(new Error('gone')) as never;
    metrics.observableGauge('plain', { help, read });
    metrics.observableGauge('labelled', { help, labels: ['area'], read });

    expect([samplesOf(metrics, 'plain'), samplesOf(metrics, 'labelled')]).toEqual([[], []]);
    expect(valuesOf(metrics, 'resilience_observer_errors_total')).toEqual({
      'component=plain': 1,
      'component=labelled': 1,
    });
    await settle();
  });

  it('leaves out an observable metric that is undefined or throws, and counts the throws', () => {
    const metrics = new Metrics();
    const error = new Error('gone');
    const events: MetricsEvent[] = [];
    metrics.events.subscribe((event) => events.push(event));
    metrics.observableGauge('nothing', { help, read: () => undefined });
    const remove = metrics.observableGauge('broken', {
      help,
      read: () => {
        throw error;
      },
    });

    expect(samplesOf(metrics, 'nothing')).toEqual([]);
    expect(samplesOf(metrics, 'broken')).toEqual([]);
    expect(events).toEqual([{ type: 'read-failed', source: 'broken', name: 'broken', error }]);
    expect(valuesOf(metrics, 'resilience_observer_errors_total')).toMatchObject({ 'component=broken': 1 });

    remove();
    expect(() => samplesOf(metrics, 'broken')).toThrow('no counter or gauge broken');
  });

  it('does not take away a later metric of the same name', () => {
    const metrics = new Metrics();
    const remove = metrics.observableGauge('a', { help, read: () => 1 });
    remove();
    metrics.observableGauge('a', { help, read: () => 2 });

    remove();

    expect(valuesOf(metrics, 'a')).toEqual({ '': 2 });
    expect(valuesOf(metrics, 'resilience_metrics_series')).toEqual({ 'metric=a': 1 });
    expect(() => metrics.gauge('a', { help })).toThrow(/a is registered as a gauge/);
  });

  it('refuses an observable metric without a callback', () => {
    expect(() => new Metrics().observableGauge('a', { help } as never)).toThrow(
      'options must be an object with read()',
    );
  });
});
