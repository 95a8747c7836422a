import { act } from 'react';
import { describe, expect, it } from 'vitest';

import { pending, setUp, success } from './readers.ts';

describe('a component that refreshes its query', () => {
  it('shows what it has until the new answer comes, and joins nothing older', async () => {
    const { backend, seen, show, state } = setUp();
    await show({ name: 'one', ask: 'a' });
    await act(async () => backend.flights[0]?.resolve('old'));

    await act(async () => seen.get('one')?.refresh());
    expect(state('one')).toEqual(success('old'));
    await act(async () => backend.flights[1]?.resolve('new'));

    expect(state('one')).toEqual(success('new'));
    await act(async () => seen.get('one')?.refresh());
    await act(async () => backend.flights[2]?.resolve('newest'));

    expect(state('one')).toEqual(success('newest'));
  });

  it('asks for what it asks for now, by the operation of its latest rendering', async () => {
    const { backend, dedupe, seen, show, state } = setUp();
    await show({ name: 'one', ask: 'a' }, { name: 'other', ask: 'a' });
    await show({ name: 'one', ask: 'b', by: async () => 'later' }, { name: 'other', ask: 'a' });
    await show({ name: 'one', ask: 'b', by: async () => 'latest' }, { name: 'other', ask: 'a' });
    expect(state('one')).toEqual(success('later'));

    await act(async () => seen.get('one')?.refresh());

    expect(state('one')).toEqual(success('latest'));
    expect(backend.flights).toHaveLength(1);
    expect(dedupe.inFlight).toBe(1);
  });

  it('asks by a request of its own, also while one is under way', async () => {
    const { backend, seen, show, state } = setUp();
    await show({ name: 'one', ask: 'a' });
    await show({ name: 'one', ask: 'b' }, { name: 'other', ask: 'b' });

    await act(async () => seen.get('one')?.refresh());
    await act(async () => backend.flights[2]?.resolve('new'));

    expect([state('one'), state('other')]).toEqual([success('new'), pending]);
  });
});
