import {
  CircuitBreaker,
  type CircuitBreakerEvent,
  type CircuitBreakerOptions,
} from '@holdfast/circuit-breaker';
import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

interface Setting {
  readonly clock: ManualClock;
  readonly breaker: CircuitBreaker;
  readonly events: string[];
}

/** Opens at the second failure of two for 100 ms; one trial call, which may take 50 ms. */
function setting(options: CircuitBreakerOptions = {}): Setting {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker({
    window: { calls: 2 },
    failureRatio: 1,
    openForMs: 100,
    jitterRatio: 0,
    halfOpen: { calls: 1, leaseMs: 50 },
    clock,
    ...options,
  });
  const events: string[] = [];
  breaker.events.subscribe((event) => events.push(describeEvent(event)));
  return { clock, breaker, events };
}

function describeEvent(event: CircuitBreakerEvent): string {
  return 'reason' in event ? `${event.type}: ${event.reason}` : event.type;
}

function open(breaker: CircuitBreaker): void {
  breaker.tryAcquire()?.failure(new Error('first'));
  breaker.tryAcquire()?.failure(new Error('last'));
}

describe('CircuitBreaker, state by state', () => {
  it('T1: opens once the window holds enough failures, and tells for how long', () => {
    const { breaker } = setting({ openForMs: 100, jitterRatio: 0.5, random: () => 1 });
    const seen: CircuitBreakerEvent[] = [];
    breaker.events.subscribe((event) => seen.push(event));

    open(breaker);

    expect(seen).toEqual([
      { type: 'opened', policy: 'circuit-breaker', reason: 'failure-ratio', openForMs: 150, trips: 1 },
    ]);
    expect(breaker.retryAfterMs).toBe(150);
  });

  it('T1: opens on slow calls, and names them as the reason', () => {
    const { breaker, clock, events } = setting({ slow: { afterMs: 30, ratio: 0.5 } });
    const permits = [breaker.tryAcquire(), breaker.tryAcquire()];

    clock.advanceSync(29);
    permits[0]?.success();
    clock.advanceSync(1);
    permits[1]?.success();

    expect(events).toEqual(['opened: slow-ratio']);
    expect(breaker.statistics()).toMatchObject({ slowCalls: 1, calls: { success: 2, failure: 0 } });
  });

  it('T3: learns nothing from ignored calls while closed', () => {
    const { breaker } = setting();

    for (let call = 0; call < 100; call += 1) breaker.tryAcquire()?.ignore();

    expect(breaker.state).toBe('closed');
    expect(breaker.statistics()).toMatchObject({ windowCalls: 0, calls: { ignored: 100 } });
  });

  it('T5: refuses while open, and tells when to ask again', () => {
    const { breaker, clock } = setting();
    open(breaker);

    clock.advanceSync(99);

    expect(breaker.tryAcquire()).toBeUndefined();
    expect(breaker.admitting).toBe(false);
    expect(breaker.retryAfterMs).toBe(1);
  });

  it('T6: lets a trial call through when the open time is up', () => {
    const { breaker, clock, events } = setting();
    open(breaker);

    clock.advanceSync(100);

    expect(breaker.tryAcquire()).toBeDefined();
    expect(events.at(-1)).toBe('half-opened: open-time-over');
  });

  it('T7: reads half-open when the open time is up, and changes nothing by that', () => {
    const { breaker, clock, events } = setting();
    open(breaker);

    clock.advanceSync(100);

    expect([breaker.state, breaker.admitting, breaker.retryAfterMs]).toEqual(['half-open', true, 0]);
    expect(breaker.statistics()).toMatchObject({ state: 'half-open', transitions: { halfOpened: 0 } });
    expect(events).toEqual(['opened: failure-ratio']);
  });

  it('T8, CB-28: takes many failures at once for one opening', () => {
    const { breaker, clock, events } = setting();
    const permits = Array.from({ length: 10 }, () => breaker.tryAcquire());

    permits[0]?.failure();
    permits[1]?.failure();
    clock.advanceSync(40);
    for (const permit of permits.slice(2)) permit?.failure();

    expect(events).toEqual(['opened: failure-ratio']);
    expect(breaker.retryAfterMs).toBe(60);
    expect(breaker.statistics().calls).toMatchObject({ failure: 2, stale: 8 });
  });

  it('T10, CB-25: counts a trial call that never ends as failed when its lease is over', () => {
    const { breaker, clock, events } = setting();
    open(breaker);
    clock.advanceSync(100);
    breaker.tryAcquire();

    clock.advanceSync(50);

    expect(breaker.tryAcquire()).toBeUndefined();
    expect(events.slice(2)).toEqual(['opened: probe-lease-ended']);
    clock.advanceSync(200);
    expect(breaker.tryAcquire()).toBeDefined();
  });

  it('T10: dates the opening by the end of the lease, so that whoever only looks sees it too', () => {
    const { breaker, clock } = setting();
    open(breaker);
    clock.advanceSync(100);
    breaker.tryAcquire();

    clock.advanceSync(49);
    expect([breaker.state, breaker.admitting, breaker.retryAfterMs]).toEqual(['half-open', false, 1]);
    clock.advanceSync(1);
    expect([breaker.state, breaker.admitting, breaker.retryAfterMs]).toEqual(['open', false, 200]);
    clock.advanceSync(200);
    expect([breaker.state, breaker.admitting, breaker.retryAfterMs]).toEqual(['half-open', true, 0]);
    expect(breaker.tryAcquire()).toBeDefined();
    expect(breaker.statistics()).toMatchObject({ transitions: { opened: 2, halfOpened: 2 }, openMs: 350 });
  });

  it('T10: stamps an opening that it catches up on with the time at which the lease ended', () => {
    const { breaker, clock } = setting();
    open(breaker);
    clock.advanceSync(100);
    breaker.tryAcquire();
    clock.advanceSync(80);

    breaker.tryAcquire();

    expect(breaker.statistics().lastTransitionAt).toBe(clock.epoch() - 30);
  });

  it('T10: drops a success in time if the lease of another trial call has failed the round', () => {
    const { breaker, clock } = setting({ halfOpen: { calls: 2, leaseMs: 50 } });
    open(breaker);
    clock.advanceSync(100);
    breaker.tryAcquire();
    clock.advanceSync(20);
    const second = breaker.tryAcquire();
    clock.advanceSync(40);

    second?.success();

    expect(breaker.state).toBe('open');
    expect(breaker.statistics().calls).toMatchObject({ success: 0, stale: 1 });
  });

  it('T11: refuses while all trial calls are out, and names the end of their lease', () => {
    const { breaker, clock } = setting();
    open(breaker);
    clock.advanceSync(100);
    breaker.tryAcquire();
    clock.advanceSync(20);

    expect(breaker.refusal()).toMatchObject({ state: 'half-open', retryAfterMs: 30 });
  });

  it('T12: closes when enough trial calls succeeded', () => {
    const { breaker, clock, events } = setting({ halfOpen: { calls: 2 } });
    open(breaker);
    clock.advanceSync(100);

    breaker.tryAcquire()?.success();
    expect(breaker.state).toBe('half-open');
    breaker.tryAcquire()?.success();

    expect(breaker.state).toBe('closed');
    expect(events.at(-1)).toBe('closed: recovered');
  });

  it('T13: opens again for twice as long when a trial call fails', () => {
    const { breaker, clock, events } = setting();
    open(breaker);
    clock.advanceSync(100);

    breaker.tryAcquire()?.failure();

    expect(events.at(-1)).toBe('opened: probe-failed');
    expect(breaker.retryAfterMs).toBe(200);
  });

  it('T13: takes a slow trial call for failed', () => {
    const { breaker, clock } = setting({ slow: { afterMs: 30, ratio: 1 } });
    open(breaker);
    clock.advanceSync(100);
    const probe = breaker.tryAcquire();

    clock.advanceSync(30);
    probe?.success();

    expect(breaker.state).toBe('open');
  });

  it('T14, CB-23: gives the place of an ignored trial call back', () => {
    const { breaker, clock } = setting();
    open(breaker);
    clock.advanceSync(100);

    breaker.tryAcquire()?.ignore();

    expect(breaker.admitting).toBe(true);
    breaker.tryAcquire()?.success();
    expect(breaker.state).toBe('closed');
  });

  it.each(['success', 'failure', 'ignore'] as const)(
    'T15, CB-20, CB-21: drops the %s of a call from before, and lets the trial call decide',
    (result) => {
      const { breaker, clock } = setting();
      const early = breaker.tryAcquire();
      open(breaker);
      clock.advanceSync(100);
      const probe = breaker.tryAcquire();

      early?.[result]();

      expect(breaker.state).toBe('half-open');
      expect(breaker.admitting).toBe(false);
      expect(breaker.statistics().calls.stale).toBe(1);
      probe?.success();
      expect(breaker.state).toBe('closed');
    },
  );

  it('CB-22: drops the result of a trial call from an earlier round', () => {
    const { breaker, clock } = setting();
    open(breaker);
    clock.advanceSync(100);
    const earlier = breaker.tryAcquire();
    clock.advanceSync(50 + 200);
    breaker.tryAcquire();

    earlier?.success();

    expect(breaker.state).toBe('half-open');
    expect(breaker.admitting).toBe(false);
    expect(breaker.statistics().calls.stale).toBe(1);
  });

  it('drops the success of a trial call that comes after its lease, even if nobody called in between', () => {
    const { breaker, clock } = setting();
    open(breaker);
    clock.advanceSync(100);
    const probe = breaker.tryAcquire();

    clock.advanceSync(50);
    probe?.success();

    expect(breaker.state).toBe('open');
    expect(breaker.statistics().calls).toMatchObject({ success: 0, stale: 1 });
  });

  it('goes on with a round in which a lease ended, if failures are allowed', () => {
    const { breaker, clock } = setting({ halfOpen: { calls: 2, maxFailures: 1, leaseMs: 50 } });
    open(breaker);
    clock.advanceSync(100);
    const late = breaker.tryAcquire();
    clock.advanceSync(50);

    late?.success();
    expect(breaker.state).toBe('half-open');
    breaker.tryAcquire()?.success();

    expect(breaker.state).toBe('closed');
    expect(breaker.statistics().calls).toMatchObject({ success: 1, stale: 1 });
  });

  it('T13: opens at the failure that the ended leases of a round had left to it', () => {
    const { breaker, clock, events } = setting({ halfOpen: { calls: 4, maxFailures: 2, leaseMs: 50 } });
    open(breaker);
    clock.advanceSync(100);
    breaker.tryAcquire();
    breaker.tryAcquire();
    clock.advanceSync(90);
    const [third, fourth] = [breaker.tryAcquire(), breaker.tryAcquire()];

    third?.failure();
    fourth?.success();

    expect(events.at(-1)).toBe('opened: probe-failed');
    expect(breaker.retryAfterMs).toBe(200);
    expect(breaker.statistics().calls).toMatchObject({ failure: 3, success: 0, stale: 1 });
  });

  it('T13: opens at once at a failure in the moment in which the leases before it end', () => {
    const { breaker, clock, events } = setting({ halfOpen: { calls: 4, maxFailures: 2, leaseMs: 50 } });
    open(breaker);
    clock.advanceSync(100);
    breaker.tryAcquire();
    breaker.tryAcquire();
    clock.advanceSync(49);
    const third = breaker.tryAcquire();
    clock.advanceSync(1);

    third?.failure();

    expect(events.at(-1)).toBe('opened: probe-failed');
  });

  it('T16: refuses everything while isolated, without a time to ask again', () => {
    const { breaker, events } = setting();

    breaker.isolate();

    expect(breaker.tryAcquire()).toBeUndefined();
    expect([breaker.state, breaker.admitting, breaker.retryAfterMs]).toEqual(['isolated', false, undefined]);
    expect(events).toEqual(['isolated']);
  });

  it('T16: remembers an opening that the end of leases had brought about before', () => {
    const { breaker, clock } = setting();
    open(breaker);
    clock.advanceSync(100);
    breaker.tryAcquire();
    clock.advanceSync(50);

    breaker.isolate()[Symbol.dispose]();
    open(breaker);

    expect(breaker.retryAfterMs).toBe(400);
  });

  it('T17: closes when the last isolation is disposed, however often each one is', () => {
    const { breaker, events } = setting();
    const [first, second] = [breaker.isolate(), breaker.isolate()];

    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(breaker.state).toBe('isolated');
    second[Symbol.dispose]();

    expect(breaker.state).toBe('closed');
    expect(events).toEqual(['isolated', 'closed: released']);
  });

  it('T18: drops results while isolated, and after', () => {
    const { breaker } = setting();
    const permits = [breaker.tryAcquire(), breaker.tryAcquire(), breaker.tryAcquire()];
    const isolation = breaker.isolate();

    permits[0]?.failure();
    isolation[Symbol.dispose]();
    permits[1]?.failure();
    permits[2]?.failure();

    expect(breaker.state).toBe('closed');
    expect(breaker.statistics()).toMatchObject({ windowCalls: 0, calls: { stale: 3 } });
  });

  it('T19: closes on reset, and takes the next opening for a first one', () => {
    const { breaker, clock, events } = setting();
    open(breaker);
    clock.advanceSync(100);
    breaker.tryAcquire()?.failure();

    breaker.reset();

    expect(breaker.state).toBe('closed');
    expect(events.at(-1)).toBe('closed: reset');
    open(breaker);
    expect(breaker.retryAfterMs).toBe(100);
  });

  it('T19: empties the window of a closed circuit on reset, and drops what was under way', () => {
    const { breaker, events } = setting();
    const early = breaker.tryAcquire();
    breaker.tryAcquire()?.failure();

    breaker.reset();
    early?.failure();

    expect(breaker.statistics()).toMatchObject({ state: 'closed', windowCalls: 0, calls: { stale: 1 } });
    expect(events).toEqual([]);
  });

  it('T19: ends an isolation on reset, whose handle then does nothing', () => {
    const { breaker } = setting();
    const old = breaker.isolate();
    breaker.reset();
    const fresh = breaker.isolate();

    old[Symbol.dispose]();

    expect(breaker.state).toBe('isolated');
    fresh[Symbol.dispose]();
    expect(breaker.state).toBe('closed');
  });

  it('CB-17: does not mind a wall clock that goes back', () => {
    const { breaker, clock } = setting({ window: { durationMs: 1_000 }, minCalls: 2 });
    breaker.tryAcquire()?.failure();
    clock.shiftEpoch(-3_600_000);
    breaker.tryAcquire()?.failure();

    expect(breaker.retryAfterMs).toBe(100);
    clock.shiftEpoch(-3_600_000);
    expect(breaker.retryAfterMs).toBe(100);
  });

  it('CB-26: lets one of 10,000 callers through to a single trial', async () => {
    const { breaker, clock } = setting();
    open(breaker);
    clock.advanceSync(100);
    let executed = 0;
    const pending = Promise.withResolvers<void>();

    const calls = Array.from({ length: 10_000 }, () =>
      breaker.execute(() => {
        executed += 1;
        return pending.promise;
      }),
    );
    const refused = Promise.allSettled(calls.slice(1));

    expect((await refused).every(({ status }) => status === 'rejected')).toBe(true);
    expect(executed).toBe(1);
    pending.resolve();
    await calls[0];
    expect(breaker.state).toBe('closed');
  });

  it('CB-29: gets to half-open by time even when refusals leave no turn to timers', async () => {
    let now = 0;
    // Time passes only by being looked at, and nothing is ever scheduled.
    const clock = {
      now: () => (now += 0.001),
      epoch: () => 0,
      schedule: (): never => {
        throw new Error('scheduled');
      },
    };
    const { breaker } = setting({ clock });
    open(breaker);

    let refused = 0;
    while ((await breaker.execute(() => 'back').catch(() => 'refused')) === 'refused') refused += 1;

    expect(refused).toBeGreaterThan(10_000);
    expect(breaker.state).toBe('closed');
  });

  it('CB-36: has no timer in any state', () => {
    const { breaker, clock } = setting();
    const seen = [breaker.state];
    open(breaker);
    seen.push(breaker.state);
    clock.advanceSync(100);
    breaker.tryAcquire();
    seen.push(breaker.state);
    breaker.isolate();
    seen.push(breaker.state);

    expect(seen).toEqual(['closed', 'open', 'half-open', 'isolated']);
    expect(clock.pending()).toBe(0);
  });

  it('does nothing about a suspicion while it is off', () => {
    const { breaker, events } = setting({ mode: 'off' });

    breaker.suspect();

    expect(events).toEqual([]);
    expect(breaker.statistics().transitions.halfOpened).toBe(0);
  });
});
