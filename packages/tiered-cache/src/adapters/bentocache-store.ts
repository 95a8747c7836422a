import { methods } from '@holdfast/core';

import { StoreRefusedError } from './errors.ts';
import type { TextStore } from './text-entries.ts';

/** The part of a bentocache driver for the second layer that is used here. */
export interface BentocacheL2Driver {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttl?: number): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  disconnect(): Promise<void>;
}

/** What `redisDriver(…)` and its like make. */
export interface BentocacheDriverFactory {
  // Configurations differ from driver to driver; each of them takes its own options.
  readonly options: object;
  readonly factory: (config: never) => BentocacheL2Driver;
}

/** A driver of bentocache as a store of text. One that is handed in stays its owner's; one that we made is disconnected. */
export class BentocacheTextStore implements TextStore {
  readonly #driver: BentocacheL2Driver;
  readonly #disconnect: () => Promise<void>;

  constructor(driverOrFactory: BentocacheL2Driver | BentocacheDriverFactory) {
    const driver = isFactory(driverOrFactory) ? made(driverOrFactory) : driverOrFactory;
    this.#driver = methods('driver', driver, 'get', 'set', 'delete', 'disconnect');
    this.#disconnect = isFactory(driverOrFactory) ? () => driver.disconnect() : async () => undefined;
  }

  /** There is no command for many. */
  read(names: readonly string[]): Promise<readonly unknown[]> {
    return Promise.all(names.map((name) => this.#driver.get(name)));
  }

  async write(name: string, text: string, ttlMs: number | undefined): Promise<void> {
    const taken = await this.#driver.set(name, text, ttlMs);
    if (!taken) throw new StoreRefusedError('bentocache');
  }

  async remove(name: string): Promise<void> {
    await this.#driver.delete(name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disconnect();
  }
}

function isFactory(
  driverOrFactory: BentocacheL2Driver | BentocacheDriverFactory,
): driverOrFactory is BentocacheDriverFactory {
  return Object(driverOrFactory) === driverOrFactory && 'factory' in driverOrFactory;
}

/** As bentocache makes it, under the prefix that is its default. */
function made({ options, factory }: BentocacheDriverFactory): BentocacheL2Driver {
  return factory({ prefix: 'bentocache', ...options } as never);
}
