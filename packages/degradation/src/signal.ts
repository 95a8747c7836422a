/**
 * What a signal says about load.
 *
 * - `'queueing'`: work waits – loop delay, queue wait. The surest evidence of overload.
 * - `'utilization'`: high in healthy saturation too – CPU, event loop utilization. Counts at most 0.94 unless a
 *   queueing signal is at 0.5 or more, so that it switches features off but never refuses traffic on its own.
 * - `'capacity'`: a share of something that runs out – heap, a pool.
 */
export type SignalKind = 'queueing' | 'utilization' | 'capacity';

export const signalKinds: readonly SignalKind[] = ['queueing', 'utilization', 'capacity'];

/** One measure of load, read by the sampler and never per request. */
export interface Signal {
  readonly name: string;
  /** Defaults to `'capacity'`. */
  readonly kind?: SignalKind | undefined;
  /** 0 without load, 1 at the point where the service is at its end; may go above. Anything else counts as lost. */
  read(): number;
  /** Called when sampling starts, for signals that measure by themselves; the result ends that. */
  start?(): Disposable;
}
