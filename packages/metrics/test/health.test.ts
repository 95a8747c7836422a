import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import {
  breakerCheck,
  cacheCheck,
  type CheckResult,
  degradationCheck,
  Health,
  healthContentType,
  type HealthCheck,
  type HealthEvent,
  type HealthOptions,
  httpStatusOf,
} from '@holdfast/metrics/health';
import { Metrics } from '@holdfast/metrics';
import { valuesOf } from './model/readings.ts';

type Found = CheckResult['status'] | CheckResult | Error;

/** A check whose finding the test sets. */
class Probe {
  found: Found = 'pass';
  runs = 0;
  readonly options: HealthCheck;

  constructor(name: string, options: Partial<HealthCheck> = {}) {
    this.options = { name, intervalMs: 1_000, critical: true, ...options, check: () => this.#look() };
  }

  #look(): CheckResult {
    this.runs += 1;
    if (this.found instanceof Error) throw this.found;
    return typeof this.found === 'string' ? { status: this.found } : this.found;
  }
}

async function start(
  checks: readonly (Probe | HealthCheck)[],
  options: Partial<HealthOptions> = {},
): Promise<{ readonly clock: ManualClock; readonly health: Health }> {
  const clock = new ManualClock(Date.UTC(2026, 10, 21));
  const health = new Health({
    clock,
    random: () => 0.5,
    checks: checks.map((check) => (check instanceof Probe ? check.options : check)),
    ...options,
  });
  health.start();
  await clock.advance(0);
  return { clock, health };
}

const hung = (): Promise<never> => new Promise(() => {});

describe('Health', () => {
  it('passes when every check does', async () => {
    const { health } = await start([new Probe('a'), new Probe('b', { kind: 'liveness' })]);

    expect([health.live(), health.ready()]).toEqual([{ status: 'pass' }, { status: 'pass' }]);
    expect(health.report().status).toBe('pass');
  });

  it('checks as soon as a run that was called off has ended, when it is started again', async () => {
    const runs: PromiseWithResolvers<void>[] = [];
    const check = (): Promise<void> => {
      runs.push(Promise.withResolvers<void>());
      return runs.at(-1)!.promise;
    };
    const { clock, health } = await start([{ name: 'a', critical: true, intervalMs: 60_000, check }]);
    health[Symbol.dispose]();
    health.start();
    await clock.advance(0);
    expect(runs.length).toBe(1);

    runs[0]?.resolve();
    await clock.advance(0);
    expect(runs.length).toBe(2);
    expect(health.ready()).toEqual({ status: 'fail', output: 'starting: a' });

    runs[1]?.resolve();
    await clock.advance(0);
    expect(health.ready()).toEqual({ status: 'pass' });
    health[Symbol.dispose]();
    expect(clock.pending()).toBe(0);
  });

  it('runs nothing more when a run that was called off ends', async () => {
    const run = Promise.withResolvers<void>();
    let runs = 0;
    const check = (): Promise<void> => {
      runs += 1;
      return run.promise;
    };
    const { clock, health } = await start([{ name: 'a', check }]);
    health[Symbol.dispose]();
    run.resolve();
    await clock.advance(60_000);

    expect([runs, clock.pending()]).toEqual([1, 0]);
  });

  it('takes a check for a failure that throws what has no text, or gives it for a status', async () => {
    const nothing = Object.create(null) as unknown;
    const { health } = await start([
      { name: 'throws', critical: true, check: () => Promise.reject(nothing) },
      { name: 'gives', critical: true, check: () => ({ status: nothing }) as CheckResult },
    ]);

    expect(health.ready()).toEqual({ status: 'fail', output: 'throws, gives' });
    expect(health.report().checks).toMatchObject({
      throws: [{ output: 'what has no text' }],
      gives: [{ output: 'the check gave the status what has no text' }],
    });
  });

  it('takes a check that resolves with nothing for a pass, and one that throws for a failure', async () => {
    const { health } = await start([
      { name: 'fine', check: async () => {} },
      { name: 'chatty', check: (async () => 'PONG') as never },
      { name: 'wrong', check: (() => ({ status: 'down' })) as never },
      { name: 'broken', check: async () => Promise.reject(new Error('refused')) },
      {
        name: 'odd',
        check: () => {
          // oxlint-disable-next-line typescript/only-throw-error -- people do
          throw 'a string';
        },
      },
    ]);

    expect(health.report().checks).toMatchObject({
      fine: [{ status: 'pass' }],
      chatty: [{ status: 'pass' }],
      wrong: [{ status: 'fail', output: 'the check gave the status down' }],
      broken: [{ status: 'fail', output: 'refused' }],
      odd: [{ status: 'fail', output: 'a string' }],
    });
  });

  it('asks a check as the method of the object that it was given', async () => {
    class Database implements HealthCheck {
      readonly name = 'database';
      readonly #status = 'warn';

      check(): CheckResult {
        return { status: this.#status };
      }
    }
    const { health } = await start([new Database()]);

    expect(health.report().checks['database']).toMatchObject([{ status: 'warn' }]);
  });

  it('fails as a whole only for a critical check', async () => {
    const critical = new Probe('critical');
    const other = new Probe('other', { critical: false });
    other.found = 'fail';
    const { clock, health } = await start([critical, other]);
    expect(health.report()).toMatchObject({ status: 'warn', output: 'other' });

    critical.found = 'fail';
    await clock.advance(3_000);

    expect(health.report()).toMatchObject({ status: 'fail', output: 'critical' });
    expect(health.ready().status).toBe('fail');
  });

  it('is live whatever its dependencies do, and whatever is not critical', async () => {
    const database = new Probe('database');
    const minor = new Probe('minor', { kind: 'liveness', critical: false });
    const vital = new Probe('vital', { kind: 'liveness' });
    database.found = 'fail';
    minor.found = 'fail';
    const { clock, health } = await start([database, minor, vital]);
    expect(health.live()).toEqual({ status: 'warn', output: 'minor' });

    vital.found = 'fail';
    await clock.advance(3_000);

    expect(health.live()).toEqual({ status: 'fail', output: 'vital' });
  });

  it('stays ready when what all instances share fails, unless told otherwise', async () => {
    const probes = [
      new Probe('redis', { shared: true }),
      new Probe('db', { shared: true, failReadinessOnShared: true }),
    ];
    const { clock, health } = await start(probes);
    probes[0]!.found = 'fail';
    await clock.advance(3_000);
    expect(health.ready()).toEqual({ status: 'warn', output: 'redis' });
    expect(health.report().status).toBe('fail');

    probes[1]!.found = 'fail';
    await clock.advance(3_000);

    expect(health.ready()).toEqual({ status: 'fail', output: 'db' });
  });

  it('does not ask information of readiness', async () => {
    const probe = new Probe('breaker', { kind: 'info' });
    probe.found = 'fail';
    const { health } = await start([probe]);

    expect(health.ready().status).toBe('pass');
  });

  it('is not ready before each check that could say no has answered', async () => {
    const checks: HealthCheck[] = [
      { name: 'slow', critical: true, check: hung, timeoutMs: 5_000 },
      { name: 'fast', critical: true, check: () => undefined },
    ];
    const { clock, health } = await start(checks);

    expect(health.ready()).toEqual({ status: 'fail', output: 'starting: slow' });
    expect(health.live().status).toBe('pass');
    expect(health.report().checks['slow']).toEqual([{ status: 'warn', output: 'not checked yet' }]);
    await clock.advance(5_000);
    expect(health.ready()).toEqual({ status: 'fail', output: 'slow' });
  });

  it('fails at once if the first check fails', async () => {
    const probe = new Probe('a');
    probe.found = new Error('no route');
    const { health } = await start([probe]);

    expect(health.ready().status).toBe('fail');
  });

  it('warns before it fails, and passes again after successThreshold successes', async () => {
    const probe = new Probe('a', { failureThreshold: 3, successThreshold: 2 });
    const { clock, health } = await start([probe]);
    const seen: unknown[] = [];
    for (const found of ['fail', 'fail', 'fail', 'pass', 'fail', 'pass', 'pass'] as const) {
      probe.found = found;
      await clock.advance(1_000);
      seen.push(health.ready().status);
    }

    expect(seen).toEqual(['warn', 'warn', 'fail', 'fail', 'fail', 'fail', 'pass']);
  });

  it('starts over counting failures after a pass', async () => {
    const probe = new Probe('a', { failureThreshold: 2 });
    const { clock, health } = await start([probe]);
    for (const found of ['fail', 'pass', 'fail'] as const) {
      probe.found = found;
      await clock.advance(1_000);
    }

    expect(health.ready().status).toBe('warn');
  });

  it('never runs a second copy of a check that hangs, and calls its result stale', async () => {
    let runs = 0;
    let hang = false;
    const signals: AbortSignal[] = [];
    const check: HealthCheck['check'] = ({ signal }) => {
      runs += 1;
      signals.push(signal);
      return hang ? hung() : undefined;
    };
    const { clock, health } = await start([
      { name: 'a', critical: true, check, intervalMs: 1_000, timeoutMs: 500, failureThreshold: 10 },
    ]);
    hang = true;
    await clock.advance(1_500);
    expect(health.ready()).toEqual({ status: 'warn', output: 'a' });
    expect(health.report().checks['a']).toMatchObject([{ output: 'a gave no answer within 500 ms' }]);
    expect(signals[1]?.aborted).toBe(true);

    await clock.advance(3_000);
    expect(health.ready().status).toBe('warn');
    await clock.advance(1);

    expect(runs).toBe(2);
    expect(health.report().checks['a']).toEqual([
      { status: 'fail', time: '2026-11-21T00:00:01.500Z', output: 'stale: no result for 3 s' },
    ]);
  });

  it('drops an answer that comes after the time was up', async () => {
    let answer: (() => void) | undefined;
    const check = (): Promise<void> => new Promise((resolve) => (answer = resolve));
    const { clock, health } = await start([{ name: 'a', critical: true, check, timeoutMs: 100 }]);
    await clock.advance(100);
    expect(health.ready().status).toBe('fail');

    answer?.();
    await clock.advance(0);

    expect(health.ready().status).toBe('fail');
    await clock.advance(9_950);
    answer?.();
    await clock.advance(0);
    expect(health.ready().status).toBe('pass');
  });

  it('spreads its checks by up to a tenth of the interval', async () => {
    for (const [random, runs] of [
      [0, 2],
      [0.999, 1],
    ] as const) {
      const probe = new Probe('a');
      const { clock } = await start([probe], { random: () => random });
      await clock.advance(900);
      expect(probe.runs).toBe(runs);
    }
  });

  it('checks only between start and disposal, in the background', async () => {
    const clock = new ManualClock();
    const probe = new Probe('a');
    let aborted = false;
    const slow: HealthCheck = {
      name: 'slow',
      check: ({ signal }) => {
        signal.addEventListener('abort', () => (aborted = true));
        return hung();
      },
    };
    const health = new Health({ clock, random: () => 0.5, checks: [probe.options, slow] });
    expect(clock.pending()).toBe(0);

    const running = health.start();
    health.start();
    await clock.advance(1_000);
    expect([probe.runs, clock.pending('foreground')]).toEqual([2, 0]);

    running[Symbol.dispose]();
    expect([clock.pending(), aborted]).toEqual([0, true]);
    await clock.advance(60_000);
    expect([probe.runs, clock.pending()]).toEqual([2, 0]);
    expect(health.report().checks['a']).toMatchObject([{ status: 'fail' }]);

    health.start();
    expect(probe.runs).toBe(3);
  });

  it('turns unready for good when it drains, and stays live', async () => {
    const { health } = await start([new Probe('a')]);
    const events: HealthEvent[] = [];
    health.events.subscribe((event) => events.push(event));

    health.drain();
    health.drain();

    expect(health.draining).toBe(true);
    expect(health.ready()).toEqual({ status: 'fail', output: 'draining' });
    expect([health.live().status, health.report().status]).toEqual(['pass', 'pass']);
    expect(events).toEqual([{ type: 'drained' }]);
  });

  it('tells when a check changes', async () => {
    const probe = new Probe('a', { failureThreshold: 1 });
    const { clock, health } = await start([probe]);
    const events: HealthEvent[] = [];
    health.events.subscribe((event) => events.push(event));
    for (const found of [new Error('refused'), new Error('refused'), 'pass'] as const) {
      probe.found = found;
      await clock.advance(1_000);
    }

    expect(events).toEqual([
      { type: 'changed', check: 'a', from: 'pass', to: 'fail', output: 'refused' },
      { type: 'changed', check: 'a', from: 'fail', to: 'pass', output: undefined },
    ]);
  });

  it('reports as application/health+json', async () => {
    const probe = new Probe('db:connections', { componentType: 'datastore' });
    probe.found = { status: 'warn', output: 'nearly full', observedValue: 95, observedUnit: 'percent' };
    const { health } = await start([probe], {
      version: '1.2.0',
      serviceId: 'recall-1',
      description: 'Recall',
    });
    const report = health.report();

    expect(report).toEqual({
      status: 'warn',
      version: '1.2.0',
      serviceId: 'recall-1',
      description: 'Recall',
      output: 'db:connections',
      checks: {
        'db:connections': [
          {
            status: 'warn',
            componentType: 'datastore',
            observedValue: 95,
            observedUnit: 'percent',
            time: '2026-11-21T00:00:00.000Z',
            output: 'nearly full',
          },
        ],
      },
    });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(healthContentType).toBe('application/health+json');
    expect((['pass', 'warn', 'fail'] as const).map((status) => httpStatusOf({ status }))).toEqual([
      200, 200, 503,
    ]);
  });

  it('shows in metrics', async () => {
    const probe = new Probe('a', { failureThreshold: 1 });
    const { clock, health } = await start([probe, { name: 'slow', check: hung }]);
    const metrics = new Metrics();
    metrics.bind(health);
    probe.found = 'fail';
    await clock.advance(1_000);

    expect(valuesOf(metrics, 'resilience_health_check_status')).toEqual({
      'check=a,status=pass': 0,
      'check=a,status=warn': 0,
      'check=a,status=fail': 1,
      'check=slow,status=pass': 0,
      'check=slow,status=warn': 1,
      'check=slow,status=fail': 0,
    });
    expect(valuesOf(metrics, 'resilience_health_check_last_success_timestamp_seconds')).toEqual({
      'check=a': Date.UTC(2026, 10, 21) / 1_000,
    });
  });

  const fine: HealthCheck = { name: 'a', check: () => undefined };
  it.each([
    [{ checks: 7 as never }, 'checks'],
    [{ checks: [null as never] }, 'checks[0]'],
    [{ checks: [], name: '' }, 'name'],
    [{ checks: [], clock: {} as never }, 'clock'],
    [{ checks: [], random: 1 as never }, 'random'],
    [{ checks: [fine, fine] }, 'checks'],
    [{ checks: [{ ...fine, name: '' }] }, 'checks[0].name'],
    [{ checks: [{ ...fine, kind: 'odd' as never }] }, 'checks[0].kind'],
    [{ checks: [{ ...fine, check: 1 as never }] }, 'checks[0]'],
    [{ checks: [{ ...fine, timeoutMs: 0 }] }, 'checks[0].timeoutMs'],
    [{ checks: [{ ...fine, intervalMs: 0 }] }, 'checks[0].intervalMs'],
    [{ checks: [{ ...fine, failureThreshold: 0 }] }, 'checks[0].failureThreshold'],
    [{ checks: [{ ...fine, successThreshold: 1.5 }] }, 'checks[0].successThreshold'],
    [{ checks: [{ ...fine, staleAfterMs: 0 }] }, 'checks[0].staleAfterMs'],
  ] satisfies [HealthOptions, string][])('refuses %j', (options, option) => {
    expect(() => new Health(options)).toThrow(expect.objectContaining({ option }));
  });
});

describe('contributors', () => {
  it.each([
    [breakerCheck, { state: 'closed' }, { state: 'open' }, 'billing:state', 'the circuit is open'],
    [degradationCheck, { level: 0 }, { level: 1 }, 'billing:level', 'the load level is reduced'],
    [
      cacheCheck,
      { tiers: { l1: {}, l2: { up: 1 } } },
      { tiers: { l1: {}, l2: { up: 0 } } },
      'billing:tiers',
      'down: l2',
    ],
  ] as const)(
    '%o passes while all is well and warns otherwise',
    async (contribute, well, ill, name, output) => {
      let statistics: unknown = well;
      const check = contribute({ name: 'billing', statistics: () => statistics as never });
      const { clock, health } = await start([check]);
      expect(health.report().status).toBe('pass');

      statistics = ill;
      await clock.advance(10_000);

      expect(health.report()).toMatchObject({
        status: 'warn',
        checks: { [name]: [{ status: 'warn', output }] },
      });
      expect(health.ready().status).toBe('pass');
    },
  );
});
