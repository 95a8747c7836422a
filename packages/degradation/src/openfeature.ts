/**
 * OpenFeature: a provider that vetoes flags of features which are off, and flags that force features off.
 *
 * @module
 */
export { FlagOverrides, type FlagOverridesOptions, type Forceable } from './openfeature/flag-overrides.ts';
export { type Vetoing, VetoProvider } from './openfeature/veto-provider.ts';
