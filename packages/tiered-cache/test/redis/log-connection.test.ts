import { ManualClock } from '@holdfast/core/testing';
import { describe, expect, it } from 'vitest';

import type { Commands, OwnCommands } from '../../src/redis/client.ts';
import { RedisConnection } from '../../src/redis/connection.ts';

const unsettled = (): Promise<never> => new Promise(() => undefined);

/** A client whose duplicates settle nothing, not even when they are closed. */
class SilentClient {
  readonly closed = new Set<SilentClient>();
  readonly #connect: () => Promise<unknown>;

  constructor(connect: () => Promise<unknown>) {
    this.#connect = connect;
  }

  duplicate(): Partial<OwnCommands> {
    const own = new SilentClient(this.#connect);
    return { on: () => own, connect: this.#connect, disconnect: () => this.closed.add(own) };
  }

  readonly on = (): this => this;
  readonly off = (): this => this;
}

describe('the connection for readings of a log', () => {
  it.each([
    ['connects', unsettled],
    ['is waited for', () => Promise.resolve()],
  ])(
    'that is disposed of while it %s ends what it was asked, and leaves no timer',
    async (_what, connect) => {
      const clock = new ManualClock();
      const client = new SilentClient(connect);
      const connection = new RedisConnection(client as unknown as Commands, 'shop', clock);
      const log = connection.forLog();
      const asked = log.ask(unsettled, 60_000);
      await clock.advance(1_000);

      log[Symbol.dispose]();

      await expect(asked).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED', cache: 'shop' });
      expect(client.closed.size).toBe(1);
      expect(clock.pending()).toBe(0);
      await expect(log.ask(unsettled, 60_000)).rejects.toMatchObject({ code: 'ERR_CACHE_DISPOSED' });
    },
  );
});
