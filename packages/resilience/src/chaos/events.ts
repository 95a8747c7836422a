/** What a chaos tells whoever watches. */
export interface ChaosEvent {
  /** A call was interfered with. */
  readonly type: 'injected';
  readonly policy: string;
  readonly what: 'latency' | 'fault' | 'outcome';
}
