import { HoldfastError } from '@holdfast/core';

/** What the service can do without. */
export type Feature = 'semantic-ranking' | 'suggestions';

/** The feature is switched off while the load is high; nothing was done. */
export class FeatureOffError extends HoldfastError {
  override readonly name = 'FeatureOffError';
  readonly code = 'ERR_FEATURE_OFF';
  readonly feature: Feature;

  constructor(feature: Feature) {
    super(`${feature} are switched off while the load is high`, { retryAfterMs: 10_000 });
    this.feature = feature;
  }
}
