import type { Invalidations } from './invalidations.ts';
import type { Position } from './position.ts';

/** Who says in which order things were invalidated: the log of a coherent store, or this process by itself. */
export interface Authority {
  readonly invalidations: Invalidations;
  /** The position of what is loaded from now on. */
  born(): Position;
  /** Whether positions are known. */
  readonly isReady: boolean;
  /** As `isReady`, and waits for that if they are about to be. */
  ready(): Promise<boolean>;
  [Symbol.dispose](): void;
}
