export interface Sums {
  readonly calls: number;
  readonly failures: number;
  readonly slowCalls: number;
}

interface Call {
  readonly at: number;
  readonly failed: boolean;
  readonly slow: boolean;
}

/** Keeps every call there ever was, and counts those that matter afresh each time. */
export class NaiveWindow {
  readonly #all: Call[] = [];
  readonly #isRecent: (call: Call, index: number, all: readonly Call[], now: number) => boolean;

  constructor(
    window: { readonly calls: number } | { readonly durationMs: number; readonly buckets: number },
  ) {
    if ('calls' in window) {
      this.#isRecent = (_call, index, all) => index >= all.length - window.calls;
      return;
    }
    const bucketMs = window.durationMs / window.buckets;
    const bucketOf = (at: number): number => Math.floor(at / bucketMs);
    this.#isRecent = ({ at }, _index, _all, now) => bucketOf(now) - bucketOf(at) < window.buckets;
  }

  record(at: number, failed: boolean, slow: boolean): void {
    this.#all.push({ at, failed, slow });
  }

  sums(now: number): Sums {
    const recent = this.#all.filter((call, index, all) => this.#isRecent(call, index, all, now));
    return {
      calls: recent.length,
      failures: recent.filter(({ failed }) => failed).length,
      slowCalls: recent.filter(({ slow }) => slow).length,
    };
  }
}
