import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import type { Commands, OwnCommands } from '../../src/redis/client.ts';
import { RedisConnection } from '../../src/redis/connection.ts';

const unsettled = (): Promise<never> => new Promise(() => undefined);

/** A client whose duplicates settle nothing when they are closed, and connect as they are told, also then. */
class SilentClient {
  readonly #connect: () => Promise<unknown>;
  /** Whether the duplicate made last has a connection. */
  isConnected = false;

  constructor(connect: () => Promise<unknown>) {
    this.#connect = connect;
  }

  duplicate(): Partial<OwnCommands> {
    return {
      on: () => undefined,
      connect: async () => {
        await this.#connect();
        this.isConnected = true;
      },
      disconnect: () => {
        this.isConnected = false;
      },
    };
  }

  readonly on = (): this => this;
  readonly off = (): this => this;
}

function setUp(connect: () => Promise<unknown>) {
  const clock = new ManualClock();
  const client = new SilentClient(connect);
  const log = new RedisConnection(client as unknown as Commands, 'shop', clock).forLog();
  return { clock, client, log };
}

describe('the connection for readings of a log', () => {
  it.each([
    ['connects', unsettled],
    ['is waited for', () => Promise.resolve()],
  ])(
    'that is disposed of while it %s ends what it was asked, and leaves no timer',
    async (_what, connect) => {
      const { clock, client, log } = setUp(connect);
      const asked = log.ask(unsettled, 60_000);
      await clock.advance(1_000);

      log[Symbol.dispose]();

      await expect(asked).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED', cache: 'shop' });
      expect(client.isConnected).toBe(false);
      expect(clock.pending()).toBe(0);
      await expect(log.ask(unsettled, 60_000)).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED' });
    },
  );

  it.each([
    ['disposed', 'ERR_CACHE_DISPOSED'],
    ['given up', 'ERR_CACHE_LOG_TIMEOUT'],
  ])('that is %s is closed also where it connects all the same, and asked nothing', async (end, code) => {
    const connecting = Promise.withResolvers<unknown>();
    const { clock, client, log } = setUp(() => connecting.promise);
    let questions = 0;
    const asked = log.ask(() => Promise.resolve((questions += 1)), 1_000).catch((error: unknown) => error);
    await clock.advance(500);
    if (end === 'disposed') log[Symbol.dispose]();
    else await clock.advance(500);
    expect(await asked).toMatchObject({ code });
    connecting.resolve(undefined);
    await clock.advance(0);

    expect([client.isConnected, questions]).toEqual([false, 0]);
  });
});
