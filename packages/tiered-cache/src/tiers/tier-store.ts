import type { CoherentStore } from '../coherence/coherent-store.ts';

/** What a tier is asked for: what a coherent store offers, without its log. */
export type TierStore = Omit<CoherentStore, 'start' | 'read' | typeof Symbol.asyncDispose>;
