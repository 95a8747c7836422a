import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import { Probe, reasonOf } from '../../src/environment/probe.ts';

describe('Probe', () => {
  it('tells how long the answer took', async () => {
    const clock = new ManualClock();
    const probe = new Probe(
      () => new Promise((resolve) => void clock.schedule(() => resolve(1), 30)),
      100,
      clock,
    );
    const check = probe.check();
    await clock.advance(30);

    expect(await check).toEqual({ status: 'up', latencyMs: 30 });
    expect(clock.pending()).toBe(0);
  });

  it('tells why there was no answer', async () => {
    const probe = new Probe(() => Promise.reject(new Error('connection refused')), 100, new ManualClock());

    expect(await probe.check()).toEqual({ status: 'down', error: 'connection refused' });
  });

  it('takes what throws at once for no answer', async () => {
    const fail = (): never => {
      throw new Error('no client');
    };

    expect(await new Probe(fail, 100, new ManualClock()).check()).toEqual({
      status: 'down',
      error: 'no client',
    });
  });

  it('asks again after what failed at once', async () => {
    let fails = true;
    const ask = (): Promise<void> => {
      if (fails) throw new Error('no client');
      return Promise.resolve();
    };
    const probe = new Probe(ask, 100, new ManualClock());
    const before = await probe.check();
    fails = false;

    expect([before.status, (await probe.check()).status]).toEqual(['down', 'up']);
  });

  it('takes what has no text for no answer as well', async () => {
    const probe = new Probe(() => Promise.reject(Object.create(null)), 100, new ManualClock());

    expect(await probe.check()).toEqual({ status: 'down', error: 'what was thrown has no text' });
  });

  it('waits no longer than it may, and asks what hangs once only', async () => {
    const clock = new ManualClock();
    const waiting: (() => void)[] = [];
    const probe = new Probe(() => new Promise<void>((resolve) => waiting.push(resolve)), 100, clock);
    const down = { status: 'down', error: 'did not answer within 100 ms' };

    const first = probe.check();
    await clock.advance(100);
    expect(await first).toEqual(down);
    const second = probe.check();
    const third = probe.check();
    await clock.advance(100);
    expect(await Promise.all([second, third])).toEqual([down, down]);
    expect(waiting).toHaveLength(1);

    const last = probe.check();
    waiting[0]?.();
    expect((await last).status).toBe('up');
    expect(clock.pending()).toBe(0);
  });
});

describe('reasonOf', () => {
  it('shows the message of an error and nothing that it carries', () => {
    const error = Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['hunter2'] } });

    expect(reasonOf(error)).toBe('WRONGPASS');
  });

  it('shows the code, or else the name, of an error without a message', () => {
    expect(reasonOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
    expect(reasonOf(new TypeError())).toBe('TypeError');
  });

  it('shows what is no error as it is', () => {
    expect(reasonOf('down')).toBe('down');
  });
});
