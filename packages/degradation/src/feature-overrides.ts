import type { Clock } from '@holdfast/core';
import type { DegradationNews } from './events.ts';
import { Override } from './override.ts';

/** What a feature may be forced to be. */
export type FeatureSetting = 'on' | 'off';

/** Features that an operator forced on or off, each for a time. */
export class FeatureOverrides implements Disposable {
  readonly #clock: Clock;
  readonly #tell: (news: DegradationNews) => void;
  readonly #released: () => void;
  readonly #overrides = new Map<string, Override<FeatureSetting>>();

  /** @param released - Called after one has ended. */
  constructor(clock: Clock, tell: (news: DegradationNews) => void, released: () => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#released = released;
  }

  of(feature: string): FeatureSetting | undefined {
    return this.#overrides.get(feature)?.value;
  }

  set(feature: string, setting: FeatureSetting, ttlMs: number): Disposable {
    const override = this.#overrides.get(feature) ?? this.#overrideOf(feature);
    this.#overrides.set(feature, override);
    return override.set(setting, ttlMs);
  }

  /** Drops the timers and the overrides without a word. */
  [Symbol.dispose](): void {
    for (const override of this.#overrides.values()) override[Symbol.dispose]();
    this.#overrides.clear();
  }

  #overrideOf(feature: string): Override<FeatureSetting> {
    return new Override<FeatureSetting>(this.#clock, {
      set: (setting, ttlMs) => this.#tell({ type: 'feature-override-set', feature, setting, ttlMs }),
      ended: (setting, reason) => this.#tell({ type: 'feature-override-ended', feature, setting, reason }),
      released: this.#released,
    });
  }
}
