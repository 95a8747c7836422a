import { callable, type Cancel, type Clock, duration, methods, systemClock } from '@holdfast/core';
import { type Client, ErrorCode, ProviderEvents } from '@openfeature/server-sdk';

export interface FlagOverridesOptions {
  /**
   * The flag that is asked for a feature: `false` forces it off, `true` leaves it to the load. Defaults to `degradation.<feature>`.
   * Never the feature's own name behind a `VetoProvider`: it would keep off what the load has switched off.
   */
  readonly flagOf?: ((feature: string) => string) | undefined;
  /** Milliseconds between questions; at least 1. Defaults to 10,000. Changes that the provider tells of are asked for at once. */
  readonly intervalMs?: number | undefined;
  /**
   * How long an answer holds while the flags cannot be asked, in milliseconds; at least `intervalMs`, and longer by what an answer
   * takes, or the feature is on until that has come. Defaults to 60,000, or twice `intervalMs` if that is more.
   */
  readonly ttlMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** What is asked of a degradation. */
export interface Forceable<Name extends string = string> {
  features(): readonly { readonly name: Name }[];
  forceFeature(feature: Name, setting: 'on' | 'off', ttlMs: number): Disposable;
}

/** A feature that is forced off. */
interface Held {
  readonly lift: Disposable;
  readonly since: number;
  /** Takes back that the last answer expires. */
  readonly keep: Cancel;
}

/** Lets flags force features off. Asks in the background; no call waits for a flag. */
export class FlagOverrides<Name extends string = string> implements Disposable {
  readonly #degradation: Forceable<Name>;
  readonly #client: Client;
  readonly #flagOf: (feature: string) => string;
  readonly #intervalMs: number;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #held = new Map<Name, Held>();
  readonly #changed = (): void => void this.ask();
  /** Number of the last question that was answered. */
  readonly #answered = new Map<Name, number>();
  #asked = 0;
  #cancel: Cancel | undefined;
  #disposed = false;

  /** @throws {InvalidOptionError} naming the first option that is wrong. */
  constructor(degradation: Forceable<Name>, client: Client, options: FlagOverridesOptions = {}) {
    this.#degradation = methods('degradation', degradation, 'features', 'forceFeature');
    this.#client = methods('client', client, 'getBooleanDetails', 'addHandler', 'removeHandler');
    this.#flagOf = callable(
      'flagOf',
      options.flagOf ?? ((feature: string): string => `degradation.${feature}`),
    );
    this.#intervalMs = duration('intervalMs', options.intervalMs ?? 10_000, 1);
    this.#ttlMs = duration(
      'ttlMs',
      options.ttlMs ?? Math.max(60_000, 2 * this.#intervalMs),
      this.#intervalMs,
    );
    this.#clock = methods('clock', options.clock ?? systemClock, 'now', 'schedule');
  }

  /** Begins to ask, by one background timer and when the provider tells of changes; does nothing if it has begun or is disposed of. */
  start(): this {
    if (this.#cancel !== undefined || this.#disposed) return this;
    this.#client.addHandler(ProviderEvents.ConfigurationChanged, this.#changed);
    const tick = (): void => {
      this.#cancel = this.#clock.schedule(tick, this.#intervalMs, { background: true });
      void this.ask();
    };
    tick();
    return this;
  }

  /** Asks for every feature now. */
  async ask(): Promise<void> {
    await Promise.all(this.#degradation.features().map(({ name }) => this.#askFor(name)));
  }

  /** Leaves the features to the load, for good. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#cancel?.();
    this.#client.removeHandler(ProviderEvents.ConfigurationChanged, this.#changed);
    for (const feature of this.#held.keys()) this.#release(feature);
  }

  async #askFor(feature: Name): Promise<void> {
    this.#asked += 1;
    const question = this.#asked;
    const { value, errorCode } = await this.#client.getBooleanDetails(this.#flagOf(feature), true);
    // Without an answer the last one holds until it expires. A flag that nobody has made forces nothing.
    if (errorCode !== undefined && errorCode !== ErrorCode.FLAG_NOT_FOUND) return;
    if (this.#disposed) return;
    // An answer that was overtaken tells how the flag was.
    if (question < (this.#answered.get(feature) ?? 0)) return;
    this.#answered.set(feature, question);
    if (value) this.#release(feature);
    else this.#forceOff(feature);
  }

  #release(feature: Name): void {
    const held = this.#held.get(feature);
    held?.keep();
    held?.lift[Symbol.dispose]();
    this.#held.delete(feature);
  }

  /** Each answer holds for `ttlMs`. The override lasts for longer and is renewed less often, so that it tells little of itself. */
  #forceOff(feature: Name): void {
    const now = this.#clock.now();
    const held = this.#held.get(feature);
    held?.keep();
    const keep = this.#clock.schedule(() => this.#release(feature), this.#ttlMs, { background: true });
    const lasts = held !== undefined && now - held.since < this.#ttlMs / 2;
    const { lift, since } = lasts
      ? held
      : { lift: this.#degradation.forceFeature(feature, 'off', 2 * this.#ttlMs), since: now };
    this.#held.set(feature, { lift, since, keep });
  }
}
