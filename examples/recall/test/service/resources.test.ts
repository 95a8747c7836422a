import { describe, expect, it } from 'vitest';

import { Resources } from '../../src/service/resources.ts';

function held(
  names: string[],
  resources: Resources,
): { sync(name: string): void; async(name: string): void } {
  return {
    sync: (name) => void resources.own({ [Symbol.dispose]: () => void names.push(name) }),
    async: (name) =>
      void resources.own({
        [Symbol.asyncDispose]: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          names.push(name);
        },
      }),
  };
}

describe('Resources', () => {
  it('lets go in the reverse order, one after the other', async () => {
    const names: string[] = [];
    const resources = new Resources();
    const own = held(names, resources);
    own.async('first');
    own.sync('second');
    own.async('third');

    await resources[Symbol.asyncDispose]();

    expect(names).toEqual(['third', 'second', 'first']);
  });

  it('lets go of the rest when one fails, and then throws the first failure', async () => {
    const names: string[] = [];
    const resources = new Resources();
    held(names, resources).sync('first');
    resources.own({ [Symbol.dispose]: () => expect.unreachable('the later failure') });
    resources.own({ [Symbol.asyncDispose]: () => Promise.reject(new Error('stuck')) });

    await expect(resources[Symbol.asyncDispose]()).rejects.toThrow('stuck');

    expect(names).toEqual(['first']);
  });

  it('lets go of each once', async () => {
    const names: string[] = [];
    const resources = new Resources();
    held(names, resources).sync('once');

    await Promise.all([resources[Symbol.asyncDispose](), resources[Symbol.asyncDispose]()]);

    expect(names).toEqual(['once']);
  });
});
