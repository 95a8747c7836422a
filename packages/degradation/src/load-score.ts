import type { ResolvedDegradationOptions, ResolvedSignal } from './options.ts';

/** What a utilization signal counts at most without evidence of queueing: less than level critical takes. */
const uncorroboratedMax = 0.94;
/** Level of a queueing signal that is evidence. */
const evidence = 0.5;
/** Readings after which a lost signal is told to be back: one that comes and goes tells little. */
const readingsToRecover = 4;
/** Above it a signal says no more, and one long stall would drown what comes after. */
const highestReading = 1.2;

export interface Score {
  readonly score: number;
  /** The signal that the score comes from; `undefined` if none could be read. */
  readonly top: string | undefined;
  /** Work is waiting: a queueing signal is at 0.5 or more. */
  readonly queueing: boolean;
  /**
   * How much is waiting or used up at this moment: the highest signal but those of utilization, smoothed or as just read,
   * whichever is lower.
   */
  readonly shortage: number;
  /** The smoothed signals. */
  readonly values: Readonly<Record<string, number>>;
}

interface Track {
  readonly source: ResolvedSignal;
  /** Smoothed; `undefined` while the signal is lost. */
  value: number | undefined;
  /** As it was just read. */
  reading: number;
  /** Told to be lost, and not yet to be back. */
  lost: boolean;
  /** Readings in a row since the last that failed. */
  readings: number;
}

/** Told when a signal cannot be read, and when it can be again for a while. */
export interface SignalObserver {
  lost(signal: string, error: unknown): void;
  recovered(signal: string): void;
}

/**
 * One number for how loaded the service is: the highest of its smoothed signals, because one saturated resource is
 * saturation. Rises fast and falls slowly.
 *
 * Invariant: a reading that is no finite number, or an error, never raises the score; it takes the signal out.
 */
export class LoadScore {
  readonly #tracks: readonly Track[];
  readonly #smoothing: ResolvedDegradationOptions['smoothing'];
  readonly #observer: SignalObserver;

  constructor(
    { signals, smoothing }: Pick<ResolvedDegradationOptions, 'signals' | 'smoothing'>,
    observer: SignalObserver,
  ) {
    this.#tracks = signals.map((source) => ({ source, value: 0, reading: 0, lost: false, readings: 0 }));
    this.#smoothing = smoothing;
    this.#observer = observer;
  }

  /** Reads every signal; `elapsedMs` is the time since the last sample. */
  sample(elapsedMs: number): Score {
    for (const track of this.#tracks) this.#read(track, elapsedMs);
    const queueing = this.#tracks.some(
      ({ source, value = 0 }) => source.kind === 'queueing' && value >= evidence,
    );
    let score = 0;
    let shortage = 0;
    let top: string | undefined;
    const values: Record<string, number> = {};
    for (const { source, value, reading } of this.#tracks) {
      if (value === undefined) continue;
      values[source.name] = value;
      if (source.kind !== 'utilization') shortage = Math.max(shortage, Math.min(value, reading));
      const counted = source.kind === 'utilization' && !queueing ? Math.min(value, uncorroboratedMax) : value;
      if (top !== undefined && counted <= score) continue;
      score = counted;
      top = source.name;
    }
    return { score, top, queueing, shortage, values };
  }

  #read(track: Track, elapsedMs: number): void {
    const { source, value } = track;
    let reading: unknown;
    let failure: unknown;
    try {
      reading = source.signal.read();
    } catch (error) {
      failure = error;
    }
    if (typeof reading !== 'number' || !Number.isFinite(reading)) {
      // It is told below that the signal is asynchronous: how it ends is nobody's business any more.
      if (reading instanceof Promise) reading.catch(() => undefined);
      track.value = undefined;
      track.readings = 0;
      if (!track.lost)
        this.#observer.lost(source.name, failure ?? new TypeError(`the signal read ${textOf(reading)}`));
      track.lost = true;
      return;
    }
    track.readings += 1;
    if (track.lost && track.readings === readingsToRecover) {
      track.lost = false;
      this.#observer.recovered(source.name);
    }
    track.reading = Math.min(Math.max(reading, 0), highestReading);
    track.value = this.#smooth(value ?? 0, track.reading, elapsedMs);
  }

  #smooth(from: number, to: number, elapsedMs: number): number {
    const { upHalfLifeMs, downHalfLifeMs } = this.#smoothing;
    const halfLifeMs = to > from ? upHalfLifeMs : downHalfLifeMs;
    if (halfLifeMs === 0) return to;
    return to + (from - to) * 2 ** (-elapsedMs / halfLifeMs);
  }
}

/** A reading may be anything, also what cannot be made a string. */
function textOf(reading: unknown): string {
  try {
    return String(reading);
  } catch {
    return 'what has no text';
  }
}
