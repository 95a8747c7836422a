/** Takes back what it was returned for; calling it again does nothing. */
export type Cancel = () => void;

export interface ScheduleOptions {
  /** Whether the process may end before the task runs. Defaults to `false`: a timer that settles a caller keeps it alive. */
  readonly background?: boolean | undefined;
}

/** Where a component reads time, so that a test can drive it. */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary start, for measuring. */
  now(): number;
  /** Wall-clock milliseconds since 1970, only for stamps that others read. */
  epoch(): number;
  /** Runs `task` once after `delayMs` milliseconds, never before; a delay below 0 counts as 0. */
  schedule(task: () => void, delayMs: number, options?: ScheduleOptions): Cancel;
}

/** The longest delay that a platform timer takes; it fires at once on a longer one. */
const longestDelayMs = 2 ** 31 - 1;

/** The machine's clock. Looks the platform's functions up at each call, so faked globals work. */
export const systemClock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  schedule(task, delayMs, options) {
    let timer = start(delayMs);
    return () => clearTimeout(timer);

    function start(restMs: number): NodeJS.Timeout {
      const next = restMs > longestDelayMs ? (): void => void (timer = start(restMs - longestDelayMs)) : task;
      const started = setTimeout(next, Math.min(platformDelay(restMs), longestDelayMs));
      if (options?.background === true) started.unref();
      return started;
    }
  },
};

/** The platform counts whole milliseconds from a start that it rounds down: its timers may be almost one early. */
function platformDelay(delayMs: number): number {
  return delayMs <= 0 ? 0 : Math.ceil(delayMs) + 1;
}

/** `count` seconds in milliseconds. */
export const seconds = (count: number): number => count * 1_000;

/** `count` minutes in milliseconds. */
export const minutes = (count: number): number => count * 60_000;

/** `count` hours in milliseconds. */
export const hours = (count: number): number => count * 3_600_000;
