import { getEventListeners } from 'node:events';
import { CancellationSource, cancellationOf, Execution } from '@holdfast/core';
import { describe, expect, it } from 'vitest';

describe('CancellationSource', () => {
  it('cancels with the first reason and ignores later ones', () => {
    const source = new CancellationSource();
    const heard: unknown[] = [];
    source.onCancel((reason) => heard.push(reason));

    source.cancel('first');
    source.cancel('second');

    expect(heard).toEqual(['first']);
    expect([source.cancelled, source.reason]).toEqual([true, 'first']);
  });

  it('creates a signal that tells the same', () => {
    const source = new CancellationSource();
    const early = source.signal;

    source.cancel('why');

    expect([early.aborted, early.reason]).toEqual([true, 'why']);
    expect(source.signal).toBe(early);
  });

  it('creates an aborted signal when it is read after the fact', () => {
    const source = new CancellationSource();
    source.cancel('why');

    expect([source.signal.aborted, source.signal.reason]).toEqual([true, 'why']);
  });

  it('follows the caller, through the signal and through listeners', () => {
    const caller = new AbortController();
    const source = new CancellationSource(cancellationOf({ signal: caller.signal }));
    const heard: unknown[] = [];
    const { signal } = source;
    source.onCancel((reason) => heard.push(reason));

    caller.abort('caller left');

    expect(heard).toEqual(['caller left']);
    expect(signal.reason).toBe('caller left');
  });

  it('knows that the caller had left before it was made', () => {
    const source = new CancellationSource(cancellationOf({ signal: AbortSignal.abort('gone') }));

    expect([source.cancelled, source.reason, source.signal.aborted]).toEqual([true, 'gone', true]);
  });

  it('leaves nothing on the caller: unread, after the last listener left, and once released', () => {
    const caller = new AbortController();
    const count = (): number => getEventListeners(caller.signal, 'abort').length;
    const source = new CancellationSource(cancellationOf({ signal: caller.signal }));

    expect(count()).toBe(0);
    const leave = source.onCancel(() => {});
    expect(count()).toBe(1);
    leave();
    expect(count()).toBe(0);
    expect(source.signal.aborted).toBe(false);
    expect(count()).toBe(1);
    source.release();
    expect(count()).toBe(0);
  });

  it('listens to nobody any more once it is released, whoever reads or listens later', () => {
    const caller = new AbortController();
    const source = new CancellationSource(cancellationOf({ signal: caller.signal }));

    source.release();
    source.onCancel(() => {});

    expect(source.signal.aborted).toBe(false);
    expect(getEventListeners(caller.signal, 'abort')).toHaveLength(0);
  });

  it('reaches every level of executions below it', () => {
    const source = new CancellationSource();
    const outer = new Execution(undefined, undefined, { cancellation: source });
    const inner = new Execution(outer);
    const { signal } = inner;

    source.cancel('time is up');

    expect(signal.reason).toBe('time is up');
    expect(cancellationOf(inner)).toBe(source);
  });
});
