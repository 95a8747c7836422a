/** What a pipeline itself tells. */
export interface OwnPipelineEvent {
  /** A call failed with this error and the fallback is asked. */
  readonly type: 'fell-back';
  readonly policy: string;
  readonly error: unknown;
}
