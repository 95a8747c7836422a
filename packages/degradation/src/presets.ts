import type { FeatureOptions } from './feature-plan.ts';
import type { DegradationOptions } from './options.ts';

/** What the service of phase 2 can do without. */
export type Phase2Feature = 'temporal-patterns' | 'suggestions' | 'maintenance' | 'metrics-detail';

/** Options that go together. */
export interface Preset<Name extends string> extends Pick<DegradationOptions<Name>, 'levels'> {
  readonly features: readonly FeatureOptions<Name>[];
}

/** Levels and features for services of a known shape; the signals are yours to add. Copy one and change what you know better. */
export const presets: { readonly phase2: Preset<Phase2Feature> } = {
  /**
   * Below 0.80 everything is on. From 0.80 on temporal patterns and suggestions are off; from 0.95 on maintenance and the detail of
   * metrics as well, and only critical calls come in.
   */
  phase2: {
    levels: { reduced: { enter: 0.8 }, critical: { enter: 0.95 } },
    features: [
      { name: 'temporal-patterns', criticality: 'sheddable', disableAt: 0.8 },
      { name: 'suggestions', criticality: 'degradable', disableAt: 0.8 },
      { name: 'maintenance', criticality: 'normal', disableAt: 0.95 },
      { name: 'metrics-detail', criticality: 'normal', disableAt: 0.95 },
    ],
  },
};
