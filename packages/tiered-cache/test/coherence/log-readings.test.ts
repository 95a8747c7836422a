import { settle } from '@holdfast/core/testing';
import { type Change, createCache, type LogMark, type LogPage } from '@holdfast/tiered-cache';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { CoherentMemory } from './coherent-memory.ts';
import { CoherentMemoryStore, coherentTier } from './coherent-memory-store.ts';
import { failing, Fleet, hanging, maxStalenessMs, type Node, working } from './fleet.ts';

let fleet: Fleet;
let a: Node;
let b: Node;

/** How far a reading of the coarse clock may lag, in milliseconds. */
const slackMs = 1;

async function start(node: Node): Promise<Node> {
  await fleet.during(node.cache.get('warm', () => 1));
  await settle();
  return node;
}

beforeEach(async () => {
  fleet = new Fleet(0);
  a = await start(fleet.add());
  b = await start(fleet.add());
});

afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
});

/** Whether the process still gives the key out of memory at any time after it must not. */
async function isLate(node: Node, key: string, removedAt: number): Promise<boolean> {
  const { clock } = fleet;
  let late = false;
  while (clock.now() < removedAt + 3 * maxStalenessMs) {
    await clock.advance(5);
    if (clock.now() > removedAt + maxStalenessMs + slackMs) late ||= node.cache.peek(key) !== undefined;
  }
  return late;
}

describe('a process that does not hear of anything', () => {
  it('believes nothing that the server has lost the state of, for it may have been cleared', async () => {
    await a.cache.set('key', 'old');
    b.store.fate = (operation) => (operation === 'read' ? hanging() : {});
    await fleet.clock.advance(150);
    await a.cache.clear();
    fleet.server.loseState();
    await fleet.clock.advance(maxStalenessMs);

    expect(await b.cache.get('key')).toBeUndefined();
  });
});

describe('a reading of the log', () => {
  it('counts from when it was sent: what was removed while its answer was on the way is not believed for longer', async () => {
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    b.store.fate = (operation) => (operation === 'read' ? { replyMs: 350 } : {});
    // The server has answered the reading, and the answer takes its time.
    await fleet.clock.advance(220);
    await a.cache.delete('key');

    expect(await isLate(b, 'key', fleet.clock.now())).toBe(false);
  });

  it('counts from when it was sent also where the shared tier has confirmed an entry meanwhile', async () => {
    await a.cache.set('key', 'old');
    b.store.fate = (operation) => (operation === 'read' ? hanging() : {});
    await fleet.clock.advance(maxStalenessMs + 100);
    b.store.fate = (operation) => (operation === 'read' ? hanging() : { replyMs: 100 });
    const reading = b.cache.get('key');
    await fleet.clock.advance(10);
    await a.cache.delete('key');
    const late = isLate(b, 'key', fleet.clock.now());

    expect([await reading, await late]).toEqual(['old', false]);
  });

  it('that brings one page of several vouches for nothing yet', async () => {
    const keys = ['one', 'two', 'three'];
    const store = new ShortPages(fleet.server);
    const cache = createCache({
      namespace: 'n',
      ttlMs: 600_000,
      clock: fleet.clock,
      maxStalenessMs,
      l2: coherentTier(store),
    });
    const c = await start({ cache, store });
    fleet.nodes.push(c);
    for (const key of keys) {
      await a.cache.set(key, 'old');
      await settle();
      await cache.get(key);
    }
    store.fate = (operation) => (operation === 'read' ? failing() : {});
    await fleet.clock.advance(150);
    for (const key of keys) await a.cache.delete(key);
    const removedAt = fleet.clock.now();
    await fleet.clock.advance(maxStalenessMs);
    store.pages = 1;
    store.fate = working;

    expect(await isLate(c, 'three', removedAt)).toBe(false);
  });

  it('begins anew where the server has lost its state and nothing of its log', async () => {
    await a.cache.set('key', 'old');
    await b.cache.get('key');
    const events: unknown[] = [];
    b.cache.events.subscribe((event) => {
      if (event.type === 'memory-dropped') events.push(event.because);
    });
    fleet.server.loseState();
    await fleet.clock.advance(200);

    expect([b.cache.peek('key'), await b.cache.get('key')]).toEqual([undefined, undefined]);
    expect(events).toEqual(['epoch']);
    expect(b.cache.statistics().coherence).toMatchObject({ gaps: 0, epochs: 1 });
  });

  it('is tried again ever more rarely while it fails', async () => {
    b.store.fate = (operation) => (operation === 'read' ? failing() : {});
    b.store.operations.length = 0;
    await fleet.clock.advance(10_000);
    const readings = b.store.operations.filter((operation) => operation === 'read').length;

    expect(readings).toBeGreaterThan(9);
    expect(readings).toBeLessThan(20);
  });

  it('drops everything for a change that it does not know, as of a newer version', async () => {
    for (const key of ['one', 'two']) {
      await a.cache.set(key, 'value');
      await settle();
      await b.cache.get(key);
    }
    fleet.server.append('rename' as Change, ['one', 'three'], 'elsewhere');
    await settle();

    expect([b.cache.peek('one'), b.cache.peek('two')]).toEqual([undefined, undefined]);
  });
});

/** A way to the server on which a reading brings one change at a time, and stops after some pages. */
class ShortPages extends CoherentMemoryStore {
  readonly #server: CoherentMemory;
  pages = Infinity;

  constructor(server: CoherentMemory) {
    super(server);
    this.#server = server;
  }

  override async read(mark: LogMark, waitMs: number): Promise<LogPage> {
    const all = await super.read(mark, waitMs);
    if (all.changes.length < 2) return all;
    if (this.pages === 0) return new Promise(() => undefined);
    this.pages -= 1;
    return { ...this.#server.firstOf(mark), more: true };
  }
}
