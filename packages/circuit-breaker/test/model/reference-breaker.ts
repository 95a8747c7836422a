import { NaiveWindow } from './naive-window.ts';

export interface ReferenceOptions {
  readonly window: { readonly calls: number } | { readonly durationMs: number; readonly buckets: number };
  readonly failureRatio: number;
  readonly minCalls: number;
  readonly slow: { readonly afterMs: number; readonly ratio: number } | undefined;
  readonly openForMs: number;
  readonly maxOpenForMs: number;
  readonly jitterRatio: number;
  /** The number that every draw gives. */
  readonly drawn: number;
  readonly stableForMs: number;
  readonly halfOpen: { readonly calls: number; readonly maxFailures: number; readonly leaseMs: number };
}

interface Stay {
  readonly kind: 'closed' | 'open' | 'half-open' | 'isolated';
  readonly sinceAt: number;
  readonly window: NaiveWindow;
  /** When an open stay ends. */
  readonly untilAt: number;
  /** Every call that was ever let in while closed. */
  readonly calls: ReferenceTicket[];
  /** Every trial call that was ever let in, with what became of it. */
  readonly probes: ReferenceTicket[];
}

export interface ReferenceTicket {
  readonly stay: Stay;
  readonly startedAt: number;
  readonly leaseEndsAt: number;
  result: 'running' | 'success' | 'failure' | 'ignore' | 'expired';
}

interface Alarm {
  readonly at: number;
  readonly ring: () => void;
}

/**
 * The obvious breaker: it has an alarm for everything that time brings about, makes each transition at its very moment,
 * and counts everything afresh from lists that only grow.
 */
export class ReferenceBreaker {
  readonly calls = { success: 0, failure: 0, ignored: 0, rejected: 0, stale: 0 };
  slowCalls = 0;
  openMs = 0;
  now = 0;
  readonly #options: ReferenceOptions;
  #alarms: Alarm[] = [];
  #stay: Stay;
  #trips = 0;

  constructor(options: ReferenceOptions) {
    this.#options = options;
    this.#stay = this.#newStay('closed');
  }

  get state(): Stay['kind'] {
    return this.#stay.kind;
  }

  get admitting(): boolean {
    return this.state === 'closed' || (this.state === 'half-open' && this.#hasRoom());
  }

  get retryAfterMs(): number | undefined {
    if (this.admitting) return 0;
    if (this.state === 'isolated') return undefined;
    if (this.state === 'open') return this.#stay.untilAt - this.now;
    // The leases that have to end before the round is lost.
    const missing = this.#options.halfOpen.maxFailures - this.#failed();
    const ends = this.#probes('running').map(({ leaseEndsAt }) => leaseEndsAt);
    return (ends.toSorted((one, other) => one - other)[missing] ?? Infinity) - this.now;
  }

  get windowCalls(): number {
    return this.state === 'closed' ? this.#stay.window.sums(this.now).calls : 0;
  }

  get failureRatio(): number {
    return this.windowCalls === 0 ? 0 : this.#stay.window.sums(this.now).failures / this.windowCalls;
  }

  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const due = this.#alarms.filter(({ at }) => at <= until).toSorted((one, other) => one.at - other.at)[0];
      if (due === undefined) break;
      this.#alarms = this.#alarms.filter((alarm) => alarm !== due);
      this.#moveTo(due.at);
      due.ring();
    }
    this.#moveTo(until);
  }

  admit(): ReferenceTicket | undefined {
    const opens = this.#isTooSlow();
    if (opens) this.#trip();
    if (opens || !this.admitting) {
      this.calls.rejected += 1;
      return undefined;
    }
    const stay = this.#stay;
    const leaseEndsAt = this.now + this.#options.halfOpen.leaseMs;
    const ticket: ReferenceTicket = { stay, startedAt: this.now, leaseEndsAt, result: 'running' };
    if (stay.kind === 'closed') stay.calls.push(ticket);
    if (stay.kind === 'half-open') {
      stay.probes.push(ticket);
      this.#alarms.push({ at: leaseEndsAt, ring: () => this.#expire(ticket) });
    }
    return ticket;
  }

  end(ticket: ReferenceTicket, result: 'success' | 'failure' | 'ignore'): void {
    if (ticket.stay !== this.#stay || ticket.result === 'expired') {
      this.calls.stale += 1;
      return;
    }
    const { slow } = this.#options;
    const isSlow = slow !== undefined && result !== 'ignore' && this.now - ticket.startedAt >= slow.afterMs;
    this.calls[result === 'ignore' ? 'ignored' : result] += 1;
    if (isSlow) this.slowCalls += 1;
    ticket.result = isSlow ? 'failure' : result;
    if (this.state === 'half-open') this.#decide();
    else if (result !== 'ignore') this.#judge(result === 'failure', isSlow);
  }

  isolate(): void {
    if (this.state !== 'isolated') this.#stay = this.#newStay('isolated');
  }

  /** All isolations have been disposed. */
  release(): void {
    this.#stay = this.#newStay('closed');
  }

  suspect(): void {
    if (this.state !== 'closed') return;
    this.#forgetTrips();
    this.#stay = this.#newStay('half-open');
  }

  /** Goes on in another process, where none of the calls under way is known. */
  restart(): void {
    const { kind, window, sinceAt } = this.#stay;
    if (kind === 'isolated') this.#stay = this.#newStay('closed');
    if (kind === 'half-open') this.#stay = this.#newStay('half-open');
    if (kind === 'closed') this.#stay = { ...this.#newStay('closed'), window, sinceAt };
  }

  reset(): void {
    this.#trips = 0;
    this.#stay = this.#newStay('closed');
  }

  #judge(failed: boolean, isSlow: boolean): void {
    const { window } = this.#stay;
    const { minCalls, failureRatio, slow } = this.#options;
    window.record(this.now, failed, isSlow);
    const sums = window.sums(this.now);
    if (sums.calls < minCalls) return;
    const tooSlow = slow !== undefined && sums.slowCalls / sums.calls >= slow.ratio;
    if (sums.failures / sums.calls >= failureRatio || tooSlow) this.#trip();
  }

  #trip(): void {
    this.#forgetTrips();
    this.#open();
  }

  #forgetTrips(): void {
    if (this.now - this.#stay.sinceAt >= this.#options.stableForMs) this.#trips = 0;
  }

  /** Whether calls that still run make too large a share of slow ones. */
  #isTooSlow(): boolean {
    const { slow, minCalls } = this.#options;
    if (slow === undefined || this.state !== 'closed') return false;
    const running = this.#stay.calls.filter(({ result }) => result === 'running');
    const overdue = running.filter(({ startedAt }) => this.now - startedAt >= slow.afterMs).length;
    const { calls, slowCalls } = this.#stay.window.sums(this.now);
    if (overdue === 0 || overdue + calls < minCalls) return false;
    return (overdue + slowCalls) / (running.length + calls) >= slow.ratio;
  }

  #decide(): void {
    const { calls, maxFailures } = this.#options.halfOpen;
    if (this.#failed() > maxFailures) this.#open();
    else if (this.#probes('success').length >= calls - maxFailures) this.#stay = this.#newStay('closed');
  }

  #expire(ticket: ReferenceTicket): void {
    if (ticket.stay !== this.#stay || ticket.result !== 'running') return;
    ticket.result = 'expired';
    this.#decide();
  }

  #open(): void {
    const { openForMs, maxOpenForMs, jitterRatio, drawn } = this.#options;
    let ms = Math.min(openForMs, maxOpenForMs);
    for (let trip = 0; trip < this.#trips; trip += 1) ms = Math.min(ms * 2, maxOpenForMs);
    this.#trips += 1;
    const stay = this.#newStay('open', this.now + ms + ms * jitterRatio * (2 * drawn - 1));
    this.#stay = stay;
    const ring = (): void => {
      if (this.#stay === stay) this.#stay = this.#newStay('half-open');
    };
    this.#alarms.push({ at: stay.untilAt, ring });
    if (stay.untilAt <= this.now) ring();
  }

  #newStay(kind: Stay['kind'], untilAt = Infinity): Stay {
    return {
      kind,
      sinceAt: this.now,
      window: new NaiveWindow(this.#options.window),
      untilAt,
      probes: [],
      calls: [],
    };
  }

  #moveTo(at: number): void {
    if (this.state !== 'closed') this.openMs += at - this.now;
    this.now = at;
  }

  #probes(result: ReferenceTicket['result']): readonly ReferenceTicket[] {
    return this.#stay.probes.filter((probe) => probe.result === result);
  }

  #failed(): number {
    return this.#probes('failure').length + this.#probes('expired').length;
  }

  #hasRoom(): boolean {
    const taken = this.#stay.probes.length - this.#probes('ignore').length;
    return taken < this.#options.halfOpen.calls;
  }
}
