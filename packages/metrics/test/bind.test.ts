import { describe, expect, it } from 'vitest';

import { Metrics, type MetricsEvent } from '@holdfast/metrics';
import { valuesOf } from './model/readings.ts';
import {
  breaker,
  bulkhead,
  database,
  dedupe,
  degradation,
  jobs,
  jsonCache,
  memoryCache,
  pipeline,
  rateLimiter,
  retry,
  Specimen,
  tieredCache,
  timeout,
  hedge,
  fallback,
  chaos,
  worker,
} from './model/specimens.ts';

const look = (component: Specimen, ...names: string[]): Record<string, number>[] => {
  const metrics = new Metrics();
  metrics.bind(component);
  return names.map((name) => valuesOf(metrics, `resilience_${name}`));
};

describe('Metrics.bind', () => {
  it('shows a circuit breaker', () => {
    const component = breaker('billing', {
      state: 'half-open',
      calls: { success: 8, failure: 4, ignored: 1, rejected: 2, stale: 0 },
      slowCalls: 3,
      transitions: { opened: 2, halfOpened: 2, closed: 1, isolated: 0 },
      openMs: 1_500,
      windowCalls: 12,
      failureRatio: 0.25,
      lastTransitionAt: 1_700_000_000_500,
    });
    const shown = look(
      component,
      'circuit_breaker_state',
      'circuit_breaker_calls_total',
      'circuit_breaker_transitions_total',
    );

    expect(shown).toEqual([
      {
        'name=billing,state=closed': 0,
        'name=billing,state=open': 0,
        'name=billing,state=half_open': 1,
        'name=billing,state=forced_open': 0,
        'name=billing,state=disabled': 0,
      },
      {
        'name=billing,outcome=success': 8,
        'name=billing,outcome=failure': 4,
        'name=billing,outcome=ignored': 1,
        'name=billing,outcome=rejected': 2,
        'name=billing,outcome=stale': 0,
      },
      {
        'name=billing,to=open': 2,
        'name=billing,to=half_open': 2,
        'name=billing,to=closed': 1,
        'name=billing,to=forced_open': 0,
      },
    ]);
    expect(
      look(
        component,
        'circuit_breaker_slow_calls_total',
        'circuit_breaker_open_seconds_total',
        'circuit_breaker_failure_ratio',
        'circuit_breaker_window_calls',
        'circuit_breaker_last_transition_timestamp_seconds',
      ).flatMap((values) => Object.values(values)),
    ).toEqual([3, 1.5, 0.25, 12, 1_700_000_000.5]);
  });

  it('shows an isolated breaker as forced open', () => {
    expect(look(breaker('a', { state: 'isolated' }), 'circuit_breaker_state')[0]).toMatchObject({
      'name=a,state=forced_open': 1,
      'name=a,state=open': 0,
    });
  });

  it('leaves out what a component does not know', () => {
    expect(look(breaker('a'), 'circuit_breaker_last_transition_timestamp_seconds')).toEqual([{}]);
  });

  it('shows a bulkhead', () => {
    const names = ['active', 'queued', 'limit', 'queue_limit', 'abandoned'].map((name) => `bulkhead_${name}`);

    expect(look(bulkhead('db'), ...names)).toEqual([3, 2, 10, 20, 1].map((value) => ({ 'name=db': value })));
    expect(look(bulkhead('db'), 'bulkhead_calls_total')).toEqual([
      {
        'name=db,outcome=admitted': 40,
        'name=db,outcome=queued': 5,
        'name=db,outcome=rejected_full': 1,
        'name=db,outcome=rejected_timeout': 2,
        'name=db,outcome=rejected_closed': 0,
        'name=db,outcome=aborted': 3,
      },
    ]);
  });

  it('shows a rate limiter', () => {
    expect(
      look(
        rateLimiter('api'),
        'rate_limiter_decisions_total',
        'rate_limiter_local_decisions_total',
        'rate_limiter_rejections_total',
        'rate_limiter_store_errors_total',
        'rate_limiter_tracked_keys',
      ),
    ).toEqual([
      { 'limiter=api,decision=allowed': 7, 'limiter=api,decision=rejected': 3 },
      { 'limiter=api': 2 },
      { 'limiter=api,scope=user': 2, 'limiter=api,scope=global': 1 },
      { 'limiter=api': 4 },
      { 'limiter=api': 5 },
    ]);
  });

  it('shows a dedupe', () => {
    expect(look(dedupe('d'), 'dedupe_calls_total', 'dedupe_inflight', 'dedupe_abandoned_total')).toEqual([
      { 'name=d,role=leader': 4, 'name=d,role=follower': 6 },
      { 'name=d': 1 },
      { 'name=d': 2 },
    ]);
  });

  it('shows a tiered cache', () => {
    expect(
      look(
        tieredCache('users'),
        'cache_lookups_total',
        'cache_tier_requests_total',
        'cache_operations_total',
        'cache_evictions_total',
        'cache_tier_up',
        'cache_queued_writes',
      ),
    ).toEqual([
      {
        'cache=users,outcome=l1_hit': 5,
        'cache=users,outcome=l2_hit': 4,
        'cache=users,outcome=l3_hit': 0,
        'cache=users,outcome=stale_hit': 1,
        'cache=users,outcome=loaded': 2,
        'cache=users,outcome=miss': 3,
        'cache=users,outcome=error': 0,
      },
      {
        'cache=users,tier=l1,result=hit': 1,
        'cache=users,tier=l1,result=miss': 2,
        'cache=users,tier=l1,result=error': 0,
        'cache=users,tier=l1,result=skipped': 0,
        'cache=users,tier=l2,result=hit': 1,
        'cache=users,tier=l2,result=miss': 2,
        'cache=users,tier=l2,result=error': 0,
        'cache=users,tier=l2,result=skipped': 0,
      },
      {
        'cache=users,tier=l2,operation=write,result=success': 8,
        'cache=users,tier=l2,operation=write,result=error': 1,
      },
      { 'cache=users,tier=l1,reason=capacity': 6 },
      { 'cache=users,tier=l2': 1 },
      { 'cache=users,tier=l2': 2 },
    ]);
    expect(
      look(
        tieredCache('users'),
        'cache_entries',
        'cache_size_bytes',
        'cache_capacity_entries',
        'cache_loads_total',
        'cache_refreshes_total',
        'cache_slides_total',
        'cache_stale_served_total',
      ),
    ).toEqual([
      { 'cache=users,tier=l1': 9 },
      { 'cache=users,tier=l1': 900 },
      { 'cache=users,tier=l1': 100 },
      { 'cache=users,result=success': 2, 'cache=users,result=error': 1 },
      { 'cache=users,result=success': 3, 'cache=users,result=error': 0 },
      { 'cache=users,result=extended': 5, 'cache=users,result=refused': 1 },
      { 'cache=users,reason=revalidating': 1, 'cache=users,reason=load_error': 0 },
    ]);
  });

  it('shows a degradation', () => {
    const names = ['level', 'score_ratio', 'transitions_total', 'features_disabled'];

    expect(look(degradation('svc'), ...names.map((name) => `degradation_${name}`))).toEqual(
      [1, 0.83, 1, 2].map((value) => ({ 'component=svc': value })),
    );
    expect(look(degradation('svc'), 'degradation_seconds_total', 'degradation_refused_total')).toEqual([
      {
        'component=svc,level=normal': 9,
        'component=svc,level=reduced': 1.5,
        'component=svc,level=critical': 0,
      },
      { 'component=svc,criticality=sheddable': 3, 'component=svc,criticality=normal': 0 },
    ]);
  });

  it('shows the policies of a pipeline and the pipeline', () => {
    expect(look(retry('r'), 'retry_calls_total', 'retry_retries_total')).toEqual([
      {
        'name=r,outcome=succeeded_without_retry': 4,
        'name=r,outcome=succeeded_after_retry': 3,
        'name=r,outcome=failed_without_retry': 2,
        'name=r,outcome=failed_after_retry': 1,
      },
      { 'name=r': 9 },
    ]);
    expect(look(timeout('t'), 'timeout_calls_total', 'timeout_zombies')).toEqual([
      { 'name=t,outcome=in_time': 5, 'name=t,outcome=timed_out': 1 },
      { 'name=t': 1 },
    ]);
    expect(look(hedge('h'), 'hedge_calls_total', 'hedge_hedges_total')).toEqual([
      { 'name=h,outcome=by_first': 5, 'name=h,outcome=by_hedge': 2, 'name=h,outcome=failed': 1 },
      { 'name=h,outcome=started': 3, 'name=h,outcome=suppressed': 4 },
    ]);
    expect(look(fallback('f'), 'fallback_calls_total', 'fallback_running')).toEqual([
      { 'name=f,outcome=answered': 5, 'name=f,outcome=failed': 2, 'name=f,outcome=refused': 1 },
      { 'name=f': 3 },
    ]);
    expect(look(chaos('c'), 'chaos_injected_total')).toEqual([
      { 'name=c,what=latency': 1, 'name=c,what=fault': 2, 'name=c,what=outcome': 3 },
    ]);
    expect(look(pipeline('p'), 'pipeline_calls_total')).toEqual([
      {
        'name=p,outcome=success': 5,
        'name=p,outcome=failure': 2,
        'name=p,outcome=fallback': 1,
        'name=p,outcome=cancelled': 0,
      },
    ]);
  });

  it('shows a job queue', () => {
    expect(
      look(jobs('mail'), 'jobs', 'jobs_oldest_waiting_seconds', 'job_events_total', 'job_leases_lost_total'),
    ).toEqual([
      {
        'queue=mail,state=waiting': 3,
        'queue=mail,state=delayed': 2,
        'queue=mail,state=active': 1,
        'queue=mail,state=dead': 4,
      },
      { 'queue=mail': 2.5 },
      {
        'queue=mail,event=enqueued': 20,
        'queue=mail,event=deduplicated': 1,
        'queue=mail,event=claimed': 12,
        'queue=mail,event=completed': 9,
        'queue=mail,event=retried': 2,
        'queue=mail,event=died': 1,
        'queue=mail,event=cancelled': 0,
        'queue=mail,event=stalled': 1,
        'queue=mail,event=released': 0,
        'queue=mail,event=redriven': 0,
      },
      { 'queue=mail': 1 },
    ]);
  });

  it('shows a cache in memory that is used by itself', () => {
    const names = ['evictions_total', 'entries', 'size_bytes', 'capacity_entries'];

    expect(look(memoryCache('m'), 'memory_cache_requests_total')).toEqual([
      { 'cache=m,result=hit': 8, 'cache=m,result=miss': 2 },
    ]);
    expect(look(memoryCache('m'), ...names.map((name) => `memory_cache_${name}`))).toEqual(
      [1, 5, 500, 50].map((value) => ({ 'cache=m': value })),
    );
  });

  it('shows a lower tier that is used by itself', () => {
    expect(look(jsonCache('shared'), 'json_cache_requests_total')).toEqual([
      { 'cache=shared,result=hit': 6, 'cache=shared,result=miss': 3, 'cache=shared,result=error': 1 },
    ]);
  });

  it('shows a worker', () => {
    expect(
      look(
        worker('mail'),
        'worker_running',
        'worker_attempts_total',
        'worker_leases_lost_total',
        'worker_queue_errors_total',
      ),
    ).toEqual([
      { 'worker=mail': 2 },
      {
        'worker=mail,outcome=succeeded': 9,
        'worker=mail,outcome=failed': 3,
        'worker=mail,outcome=cancelled': 1,
        'worker=mail,outcome=released': 0,
      },
      { 'worker=mail': 1 },
      { 'worker=mail': 4 },
    ]);
  });

  it('shows a database', () => {
    expect(
      look(
        database('main'),
        'database_transactions_total',
        'database_file_size_bytes',
        'database_wal_size_bytes',
      ),
    ).toEqual([
      { 'database=main,outcome=committed': 7, 'database=main,outcome=rolled_back': 1 },
      { 'database=main': 4_096 },
      { 'database=main': 512 },
    ]);
  });

  it('reads at each look, so that counters follow', () => {
    const metrics = new Metrics();
    const component = dedupe('d');
    metrics.bind(component);
    const before = valuesOf(metrics, 'resilience_dedupe_inflight');

    component.fields['inFlight'] = 9;

    expect([before, valuesOf(metrics, 'resilience_dedupe_inflight')]).toEqual([
      { 'name=d': 1 },
      { 'name=d': 9 },
    ]);
  });

  it('asks a component once for a whole scrape, and not between scrapes', async () => {
    const metrics = new Metrics();
    const component = breaker('a');
    metrics.bind(component);
    const bound = component.reads;
    const scrape = (): void => {
      for (const family of metrics.families()) family.collect();
    };

    scrape();
    expect(component.reads - bound).toBe(1);
    scrape();
    expect(component.reads - bound).toBe(2);
    await Promise.resolve();
    valuesOf(metrics, 'resilience_circuit_breaker_state');
    expect(component.reads - bound).toBe(3);
  });

  it('never serves an old look to a later one', async () => {
    const metrics = new Metrics();
    const component = dedupe('d');
    metrics.bind(component);
    valuesOf(metrics, 'resilience_dedupe_inflight');
    await Promise.resolve();

    component.fields['abandoned'] = 50;

    expect(valuesOf(metrics, 'resilience_dedupe_abandoned_total')).toEqual({ 'name=d': 50 });
  });

  it('takes another prefix', () => {
    const metrics = new Metrics({ prefix: 'acme_' });
    metrics.bind(dedupe('d'));

    expect(metrics.families().every(({ name }) => name.startsWith('acme_'))).toBe(true);
  });

  it('holds several components of a kind', () => {
    const metrics = new Metrics();
    metrics.bind(dedupe('a'));
    metrics.bind(dedupe('b'));

    expect(valuesOf(metrics, 'resilience_dedupe_inflight')).toEqual({ 'name=a': 1, 'name=b': 1 });
  });

  it('refuses two components of a kind under one name', () => {
    const metrics = new Metrics();
    metrics.bind(dedupe('a'));
    metrics.bind(bulkhead('a'));

    expect(() => metrics.bind(dedupe('a'))).toThrow(
      expect.objectContaining({
        code: 'ERR_DUPLICATE_COMPONENT',
        kind: 'dedupe',
        component: 'a',
        message: "dedupe 'a' cannot be bound: the name is taken",
      }),
    );
  });

  it('refuses a kind that it does not know', () => {
    expect(() => new Metrics().bind(new Specimen('teapot', 'a', {}))).toThrow(
      /^component.statistics\(\).component must be one of 'alerts', 'bulkhead', 'chaos', 'circuit-breaker', .*, got 'teapot'$/,
    );
  });

  it('refuses what has no name or statistics', () => {
    const metrics = new Metrics();

    expect(() => metrics.bind({ name: 'a' } as never)).toThrow(
      'component must be an object with statistics()',
    );
    expect(() => metrics.bind(dedupe(''))).toThrow('component.name must be a string that is not empty');
  });

  it('refuses a component whose metrics would take a name that stands for something else', () => {
    const metrics = new Metrics();
    metrics.gauge('resilience_dedupe_inflight', { help: 'Mine' });

    expect(() => metrics.bind(dedupe('a'))).toThrow(expect.objectContaining({ code: 'ERR_METRIC_CONFLICT' }));
    expect(metrics.families().map(({ name }) => name)).not.toContain('resilience_dedupe_calls_total');
  });

  it('forgets a component that was unbound, and nothing else', () => {
    const metrics = new Metrics();
    const own = metrics.families().length;
    const unbindA = metrics.bind(dedupe('a'));
    const unbindB = metrics.bind(dedupe('b'));

    unbindA();
    const again = dedupe('a');
    metrics.bind(again)();
    metrics.bind(again);
    unbindA();

    expect(valuesOf(metrics, 'resilience_dedupe_inflight')).toEqual({ 'name=b': 1, 'name=a': 1 });
    unbindB();
    expect(valuesOf(metrics, 'resilience_dedupe_inflight')).toEqual({ 'name=a': 1 });
    expect(metrics.families().length).toBeGreaterThan(own);
  });

  it('has no metric of a kind of which nothing is bound any more', () => {
    const metrics = new Metrics();
    const own = metrics.families();

    metrics.bind(dedupe('a'))();

    expect(metrics.families()).toEqual(own);
  });

  it('leaves out a component that throws, and counts and tells it', () => {
    const metrics = new Metrics();
    const events: MetricsEvent[] = [];
    metrics.events.subscribe((event) => events.push(event));
    const broken = dedupe('broken');
    metrics.bind(broken);
    metrics.bind(dedupe('whole'));
    expect(valuesOf(metrics, 'resilience_observer_errors_total')).toEqual({ 'component=dedupe': 0 });

    const error = new Error('gone');
    broken.statistics = () => {
      throw error;
    };

    expect(valuesOf(metrics, 'resilience_dedupe_inflight')).toEqual({ 'name=whole': 1 });
    expect(valuesOf(metrics, 'resilience_observer_errors_total')).toEqual({ 'component=dedupe': 1 });
    expect(events).toEqual([{ type: 'read-failed', source: 'dedupe', name: 'broken', error }]);
  });
});
