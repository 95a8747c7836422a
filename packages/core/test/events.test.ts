import { EventHub } from '@holdfast/core';
import { describe, expect, it } from 'vitest';

describe('EventHub', () => {
  it('is unobserved until somebody subscribes and after the last has left', () => {
    const hub = new EventHub<string>();
    expect(hub.observed).toBe(false);

    const leave = hub.subscribe(() => {});
    expect(hub.observed).toBe(true);
    leave();
    leave();
    expect(hub.observed).toBe(false);
  });

  it('tells every listener, also one that subscribed twice', () => {
    const hub = new EventHub<string>();
    const heard: string[] = [];
    const listener = (event: string): void => void heard.push(event);
    hub.subscribe(listener);
    const leaveSecond = hub.subscribe(listener);

    hub.emit('a');
    leaveSecond();
    hub.emit('b');

    expect(heard).toEqual(['a', 'a', 'b']);
  });

  it('does not disturb an emit when listeners come and go in the middle of it', () => {
    const hub = new EventHub<string>();
    const heard: string[] = [];
    const leaveFirst = hub.subscribe(() => {
      leaveFirst();
      hub.subscribe(() => heard.push('newcomer'));
    });
    hub.subscribe(() => heard.push('second'));

    hub.emit('event');

    expect(heard).toEqual(['second']);
  });

  it('surfaces the error of a listener as an uncaught one and tells the others all the same', async () => {
    const hub = new EventHub<string>();
    const heard: string[] = [];
    const uncaught = Promise.withResolvers<unknown>();
    const guards = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').once('uncaughtException', uncaught.resolve);
    const bug = new Error('listener bug');
    hub.subscribe(() => {
      throw bug;
    });
    hub.subscribe((event) => heard.push(event));

    hub.emit('event');

    expect(heard).toEqual(['event']);
    expect(await uncaught.promise).toBe(bug);
    for (const guard of guards) process.on('uncaughtException', guard);
  });
});
