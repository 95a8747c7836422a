import { afterEach, describe, expect, it } from 'vitest';

import { type Child, mayRunAsNobody, nobody, startChild, until } from '@holdfast/test-support';

const script = new URL('fixtures/child.ts', import.meta.url);

describe('startChild', () => {
  const children: Child[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) await child[Symbol.asyncDispose]();
  });

  const start = (...parameters: string[]): Child => keep(startChild(script, parameters));
  const keep = (child: Child): Child => {
    children.push(child);
    return child;
  };

  it('tells what a process says, in whole lines and characters', async () => {
    const child = start('ready');
    expect(await child.said('ready')).toBe('ready');
    expect(child.lines[0]).toBe('ready');
    child.send('stop');

    expect(await child.said(/^half/)).toBe('half a líne');
    expect(await child.ended()).toEqual(['ready', expect.stringMatching(/^\d+$/), 'half a líne']);
  });

  it('exchanges messages of any value with it', async () => {
    const child = start();
    const heard: unknown[] = [];
    child.onMessage((message) => heard.push(message));
    const message = { position: 1n, names: new Map([['a', undefined]]) };
    child.send(message);
    await until('it answers', () => heard.length > 0);

    expect(heard).toEqual([message]);
  });

  it.runIf(mayRunAsNobody())('runs as another user if asked to by root', async () => {
    const child = keep(startChild(script, ['ready'], { user: nobody }));
    const heard: unknown[] = [];
    child.onMessage((message) => heard.push(message));
    child.send('user');
    await until('it answers', () => heard.length > 0);

    expect(heard).toEqual([nobody]);
  });

  it('rejects with what it said of its failure, whoever waits for what', async () => {
    const child = start('ready');
    await child.said('ready');
    child.send('fail');

    await expect(child.said('never')).rejects.toThrow(/ended without saying never: .*told to fail/s);
    await expect(child.ended()).rejects.toThrow(/ended with 1: .*told to fail/s);
    await expect(child.kill()).rejects.toThrow(/ended by itself: .*told to fail/s);
    child.send('anybody there?');
  });

  it('can be killed, more than once', async () => {
    const child = start('ready');
    await child.said('ready');
    await child.kill();
    await child.kill();
    await child[Symbol.asyncDispose]();

    await expect(child.ended()).rejects.toThrow('ended with SIGKILL');
  });

  it('ends with the run that has started it, though that one is killed', async () => {
    await using run = startChild(new URL('fixtures/parent.ts', import.meta.url));
    const pid = Number(await run.said(/^\d+$/));
    expect(runs(pid)).toBe(true);
    await run.kill();

    await until('the child is gone', () => !runs(pid));
  });
});

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
