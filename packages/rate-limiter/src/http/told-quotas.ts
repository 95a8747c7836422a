import type { Cancellation, Clock } from '@holdfast/core';
import type { RateLimitInfo } from './parse-rate-limit.ts';

/** What a server said last about one of its limits. */
interface Standing {
  readonly limit: string;
  /** Calls that it would still let pass, by what it said and what was sent since. */
  remaining: number;
  /** Over how long that was told to last. */
  readonly spanMs: number;
  until: number;
  /** The call whose answer told it. */
  readonly ticket: number;
}

/** When a call may be sent, and which limit is in the way before. */
export interface Delay {
  readonly waitMs: number;
  readonly limit: string;
}

/** A server that asks for a longer wait is not believed. */
const longestTrustMs = 86_400_000;
const mostStandings = 32;
const retryAfter = 'Retry-After';

/**
 * What a server said about the limits that one group of calls falls under.
 *
 * Invariants: a call that the last answer says would be refused has to wait; when a wait is over, one call goes first and
 * the others wait for its answer, at most as long again; the answer to an earlier call never replaces that to a later
 * one; at most 32 limits are kept.
 */
export class ToldQuotas {
  readonly #clock: Clock;
  readonly #standings = new Map<string, Standing>();
  readonly #waiting = new Set<() => void>();
  #tickets = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * What a call has to wait for; `undefined` if it may be sent. Of a limit that is told for several partitions the
   * shortest wait counts, since nobody knows which of them the call falls into.
   *
   * @param ownMs - what the call itself was told to wait, if it was refused before.
   */
  delay(ownMs: number): Delay | undefined {
    const now = this.#clock.now();
    const waits = new Map<string, number>();
    for (const { limit, remaining, until } of this.#standings.values()) {
      const waitMs = remaining > 0 ? 0 : Math.max(0, until - now);
      waits.set(limit, Math.min(waits.get(limit) ?? Infinity, waitMs));
    }
    let longest: Delay | undefined = ownMs > 0 ? { limit: retryAfter, waitMs: ownMs } : undefined;
    for (const [limit, waitMs] of waits) if (waitMs > (longest?.waitMs ?? 0)) longest = { limit, waitMs };
    return longest;
  }

  /** Takes a call that is sent off what is left. @returns its ticket. */
  take(): number {
    const now = this.#clock.now();
    for (const [key, standing] of this.#standings) {
      if (standing.remaining > 0 && now < standing.until) standing.remaining -= 1;
      else if (standing.remaining > 0) this.#standings.delete(key);
      else standing.until = Math.max(standing.until, now + standing.spanMs);
    }
    this.#tickets += 1;
    return this.#tickets;
  }

  /** Resolves after `waitMs`, or earlier when the server says something new; rejects with the reason of a cancelled call. */
  wait(waitMs: number, cancellation: Cancellation | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        leave();
        resolve();
      };
      const leave = (): void => {
        stopTimer();
        stopListening?.();
        this.#waiting.delete(finish);
      };
      const stopTimer = this.#clock.schedule(finish, waitMs);
      const stopListening = cancellation?.onCancel((reason) => {
        leave();
        reject(reason);
      });
      this.#waiting.add(finish);
    });
  }

  /**
   * Learns from the answer to the call with this ticket.
   *
   * @param waitMs - for how long a call that was turned away should stay away.
   */
  tell(ticket: number, { limits, policies }: RateLimitInfo, waitMs: number | undefined): void {
    this.#set(retryAfter, { limit: retryAfter, remaining: 0, ticket }, waitMs);
    for (const { name, remaining, resetMs, partitionKey } of limits) {
      const unit = policies.find((policy) => policy.name === name)?.unit ?? 'requests';
      const key = `${name}\n${partitionKey?.join() ?? ''}`;
      // Retry-After outweighs what the fields say; and bytes that are left are not calls that are left.
      const spanMs = remaining === 0 ? (waitMs ?? resetMs) : unit === 'requests' ? resetMs : undefined;
      this.#set(key, { limit: name, remaining, ticket }, spanMs);
    }
    for (const wake of this.#waiting) wake();
  }

  #set(
    key: string,
    told: Pick<Standing, 'limit' | 'remaining' | 'ticket'>,
    toldMs: number | undefined,
  ): void {
    if (told.ticket < (this.#standings.get(key)?.ticket ?? 0)) return;
    this.#standings.delete(key);
    if (toldMs === undefined || toldMs === 0) return;
    const spanMs = Math.min(toldMs, longestTrustMs);
    this.#standings.set(key, { ...told, spanMs, until: this.#clock.now() + spanMs });
    if (this.#standings.size <= mostStandings) return;
    const [oldest] = this.#standings.keys();
    this.#standings.delete(oldest as string);
  }
}
