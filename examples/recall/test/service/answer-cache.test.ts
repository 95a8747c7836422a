import { CancellationSource, Execution, type OperationContext } from '@holdfast/core';
import { ManualClock, settle } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { userId } from '../../src/domain/user-id.ts';
import { AnswerCache } from '../../src/service/answer-cache.ts';
import type { Caches } from '../../src/service/caching.ts';

interface Answer {
  readonly text: string;
  readonly degraded: readonly string[];
}

const ada = userId('ada');
const bob = userId('bob');
const whole = (text: string): Answer => ({ text, degraded: [] });
const lesser = (text: string): Answer => ({ text, degraded: ['embedding'] });
const context: OperationContext = new Execution();

function anAnswerCache(): {
  readonly cache: AnswerCache;
  readonly clock: ManualClock;
  /** What the database says. */
  readonly revisions: Map<string, string>;
  /** How often it was asked. */
  readonly asked: string[];
  readonly ask: (load: () => Promise<Answer>, user?: typeof ada, own?: OperationContext) => Promise<Answer>;
} {
  const clock = new ManualClock();
  const caches: Caches = {
    answers: createCache({ namespace: 'answers', ttlMs: 60_000, staleIfErrorMs: 60_000, clock }),
    revisions: createCache<string>({ namespace: 'revisions', ttlMs: 1_000, staleIfErrorMs: 60_000, clock }),
  };
  const revisions = new Map<string, string>([
    [ada, '1'],
    [bob, '1'],
  ]);
  const asked: string[] = [];
  const cache = new AnswerCache(caches, async (user) => {
    asked.push(user);
    const revision = revisions.get(user);
    if (revision === undefined) throw new Error('the database is down');
    return revision;
  });
  return {
    cache,
    clock,
    revisions,
    asked,
    ask: (load, user = ada, own = context) => cache.answer(user, ['question'], load, own),
  };
}

const never = (): Promise<Answer> => Promise.reject(new Error('asked again'));

describe('AnswerCache', () => {
  it('answers from the cache, each user from their own', async () => {
    const { ask } = anAnswerCache();
    await ask(async () => whole('Ada’s'));

    expect(await ask(never)).toEqual(whole('Ada’s'));
    expect(await ask(async () => whole('Bob’s'), bob)).toEqual(whole('Bob’s'));
  });

  it('asks for the revision once a second, and answers anew when it is another one', async () => {
    const { ask, clock, revisions, asked } = anAnswerCache();
    await ask(async () => whole('old'));
    await ask(never);
    expect(asked).toEqual([ada]);

    revisions.set(ada, '2');
    expect(await ask(never)).toEqual(whole('old'));
    await clock.advance(1_001);

    expect(await ask(async () => whole('new'))).toEqual(whole('new'));
  });

  it('answers anew at once after a change in this process', async () => {
    const { cache, ask, revisions } = anAnswerCache();
    await ask(async () => whole('old'));

    revisions.set(ada, '2');
    await cache.changed(ada);

    expect(await ask(async () => whole('new'))).toEqual(whole('new'));
  });

  it('does not give an answer from before a change to who asks after it, even if its load began before', async () => {
    const { cache, ask, revisions } = anAnswerCache();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const before = ask(() => promise);
    await settle();

    revisions.set(ada, '2');
    await cache.changed(ada);
    const after = ask(async () => whole('new'));
    resolve(whole('old'));

    expect(await before).toEqual(whole('old'));
    expect(await after).toEqual(whole('new'));
    expect(await ask(never)).toEqual(whole('new'));
  });

  it('gives a lesser answer rather than none, to all who wait for it, and does not keep it', async () => {
    const { ask } = anAnswerCache();
    const { promise, resolve } = Promise.withResolvers<Answer>();

    const both = [ask(() => promise), ask(never)];
    resolve(lesser('by words'));

    expect(await Promise.all(both)).toEqual([lesser('by words'), lesser('by words')]);
    expect(await ask(async () => whole('by meaning'))).toEqual(whole('by meaning'));
  });

  it('prefers a whole answer that is out of date to a lesser one', async () => {
    const { ask, clock } = anAnswerCache();
    await ask(async () => whole('a minute old'));
    await clock.advance(61_000);

    expect(await ask(async () => lesser('by words'))).toEqual(whole('a minute old'));
    await clock.advance(60_000);
    expect(await ask(async () => lesser('by words'))).toEqual(lesser('by words'));
  });

  it('keeps an answer that lacks something else', async () => {
    const { ask } = anAnswerCache();
    const incomplete: Answer = { text: 'local', degraded: ['vectors-incomplete'] };

    await ask(async () => incomplete);

    expect(await ask(never)).toEqual(incomplete);
  });

  it('goes by the last revision it knows while the database is down, but not after a change', async () => {
    const { cache, ask, clock, revisions } = anAnswerCache();
    await ask(async () => whole('kept'));
    revisions.delete(ada);
    await clock.advance(5_000);

    expect(await ask(never)).toEqual(whole('kept'));
    await cache.changed(ada);
    await expect(ask(never)).rejects.toThrow('the database is down');
  });

  it('passes a failure on, and asks again', async () => {
    const { ask } = anAnswerCache();

    await expect(ask(never)).rejects.toThrow('asked again');
    expect(await ask(async () => whole('fine'))).toEqual(whole('fine'));
  });

  it('lets one who leaves go, and the others wait on', async () => {
    const { ask } = anAnswerCache();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const source = new CancellationSource();

    const leaves = ask(() => promise, ada, new Execution(undefined, undefined, { cancellation: source }));
    const stays = ask(never);
    await settle();
    source.cancel(new Error('left'));
    resolve(whole('answer'));

    await expect(leaves).rejects.toThrow('left');
    expect(await stays).toEqual(whole('answer'));
  });
});
