import { ManualClock, settle } from '@holdfast/core/testing';
import { Dedupe } from '@holdfast/dedupe';
import { act, createElement, StrictMode } from 'react';
import { create, type ReactTestRenderer } from 'react-test-renderer';
import { describe, expect, it, vi } from 'vitest';

import { pending, setUp, success } from './readers.ts';

describe('useDedupedQuery', () => {
  it('asks once for components that ask for the same, and shows all of them the answer', async () => {
    const { backend, dedupe, show, state } = setUp();
    await show({ name: 'one', ask: 'a' }, { name: 'two', ask: 'a' }, { name: 'three', ask: 'b' });
    expect([state('one'), state('two')]).toEqual([pending, pending]);

    await act(async () => backend.flights[0]?.resolve('answer'));

    expect([state('one'), state('two')]).toEqual([success('answer'), success('answer')]);
    expect(state('three')).toEqual(pending);
    expect(backend.flights).toHaveLength(2);
    expect(dedupe.inFlight).toBe(1);
  });

  it('shows a failure', async () => {
    const { backend, show, state } = setUp();
    const failure = new Error('failure');
    await show({ name: 'one', ask: 'a' });

    await act(async () => backend.flights[0]?.reject(failure));

    expect(state('one')).toEqual({ status: 'error', data: undefined, error: failure });
  });

  it('calls off what no mounted component asks for', async () => {
    const { backend, show } = setUp();
    await show({ name: 'one', ask: 'a' }, { name: 'two', ask: 'a' });

    await show({ name: 'two', ask: 'a' });
    expect(backend.flights[0]?.signal.aborted).toBe(false);
    await show();

    expect(backend.flights[0]?.signal.aborted).toBe(true);
  });

  it('asks again when the key changes, and never shows the answer to another key', async () => {
    const { backend, show, state } = setUp();
    await show({ name: 'one', ask: 'a' });
    await act(async () => backend.flights[0]?.resolve('of a'));

    await show({ name: 'one', ask: 'b' });
    expect(state('one')).toEqual(pending);
    await show({ name: 'one', ask: 'c' });
    await act(async () => {
      backend.flights[1]?.resolve('of b');
      backend.flights[2]?.resolve('of c');
    });

    expect(state('one')).toEqual(success('of c'));
  });

  it('does not ask again at another rendering', async () => {
    const { backend, show, seen } = setUp();
    await show({ name: 'one', ask: 'a' });
    const before = seen.get('one')?.refresh;

    await show({ name: 'one', ask: 'a' });

    expect(backend.flights).toHaveLength(1);
    expect(seen.get('one')?.refresh).toBe(before);
  });

  it('asks for nothing without a key', async () => {
    const dedupe = new Dedupe();
    const forget = vi.spyOn(dedupe, 'forget');
    const { backend, show, seen, state } = setUp(dedupe);

    await show({ name: 'one', ask: undefined });
    await act(async () => seen.get('one')?.refresh());

    expect(state('one')).toEqual(pending);
    expect(backend.flights).toHaveLength(0);
    expect(forget).not.toHaveBeenCalled();
  });

  it('shows nothing of a wait that it has given up', async () => {
    const { show, state } = setUp();

    for (const ask of ['a', 'b', 'a']) await show({ name: 'one', ask });

    expect(state('one')).toEqual(pending);
  });

  it('asks again when the dedupe changes', async () => {
    const { backend, dedupe, show } = setUp();
    const of = new Dedupe();
    await show({ name: 'one', ask: 'a' });

    await show({ name: 'one', ask: 'a', of });

    expect(backend.flights.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect([dedupe.inFlight, of.inFlight]).toEqual([0, 1]);
  });

  it('asks once in strict mode, with a dedupe that lingers', async () => {
    const clock = new ManualClock();
    const { backend, tree } = setUp(new Dedupe({ abandon: { lingerMs: 100 }, clock }));
    let root: ReactTestRenderer | undefined;

    await act(async () => {
      root = create(createElement(StrictMode, undefined, tree([{ name: 'one', ask: 'a' }])));
    });
    await clock.advance(1_000);
    expect(backend.flights.map(({ signal }) => signal.aborted)).toEqual([false]);
    await act(async () => root?.unmount());
    await clock.advance(100);
    await settle();

    expect(backend.flights.map(({ signal }) => signal.aborted)).toEqual([true]);
  });
});
