import { getEventListeners } from 'node:events';
import { CancellationSource, cancellationOf, Execution, throwIfCancelled } from '@holdfast/core';
import { describe, expect, it } from 'vitest';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('cancellationOf', () => {
  it('is undefined when nothing can cancel the call', () => {
    expect(cancellationOf(undefined)).toBeUndefined();
    expect(cancellationOf({})).toBeUndefined();
    expect(cancellationOf(new Execution())).toBeUndefined();
  });

  it('puts one listener on a signal, however many calls wait on it', () => {
    const { signal } = new AbortController();
    const leave = Array.from({ length: 1_000 }, () => cancellationOf({ signal })?.onCancel(() => {}));

    expect(listeners(signal)).toBe(1);
    for (const each of leave) each?.();
    expect(listeners(signal)).toBe(0);
  });

  it('listens again after everybody has left', () => {
    const controller = new AbortController();
    const cancellation = cancellationOf({ signal: controller.signal });
    cancellation?.onCancel(() => {})();
    const heard: unknown[] = [];

    cancellation?.onCancel((reason) => heard.push(reason));
    controller.abort('late');

    expect(heard).toEqual(['late']);
  });

  it('tells everybody the very reason of the signal, once', () => {
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const heard: unknown[] = [];
    cancellationOf({ signal: controller.signal })?.onCancel((each) => heard.push(each));
    cancellationOf({ signal: controller.signal })?.onCancel((each) => heard.push(each));

    controller.abort(reason);

    expect(heard).toEqual([reason, reason]);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('surfaces the error of a listener as an uncaught one and tells the others all the same', async () => {
    const controller = new AbortController();
    const cancellation = cancellationOf({ signal: controller.signal });
    const source = new CancellationSource(cancellation);
    const heard: unknown[] = [];
    const uncaught = Promise.withResolvers<unknown>();
    const guards = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').once('uncaughtException', uncaught.resolve);
    const bug = new Error('listener bug');
    source.onCancel(() => {
      throw bug;
    });
    source.onCancel((reason) => heard.push(reason));
    cancellation?.onCancel((reason) => heard.push(reason));

    controller.abort('why');

    expect(heard).toEqual(['why', 'why']);
    expect(await uncaught.promise).toBe(bug);
    for (const guard of guards) process.on('uncaughtException', guard);
  });

  it('spares a listener that another one takes back in the meantime', () => {
    const controller = new AbortController();
    const cancellation = cancellationOf({ signal: controller.signal });
    const heard: string[] = [];
    cancellation?.onCancel(() => {
      heard.push('first');
      leaveSecond?.();
    });
    const leaveSecond = cancellation?.onCancel(() => heard.push('second'));

    controller.abort();

    expect(heard).toEqual(['first']);
  });
});

describe('throwIfCancelled', () => {
  it('throws the reason of a call that is no longer wanted', () => {
    expect(() => throwIfCancelled({ signal: AbortSignal.abort('gone') })).toThrow('gone');
  });

  it('lets a wanted call pass', () => {
    expect(() => throwIfCancelled({ signal: new AbortController().signal })).not.toThrow();
    expect(() => throwIfCancelled(undefined)).not.toThrow();
  });
});
