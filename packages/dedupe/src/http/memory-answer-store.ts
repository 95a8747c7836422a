import { type Clock, methods, object, systemClock, wholeNumber } from '@holdfast/core';

import type { Answer } from './answer.ts';
import type { AnswerStore, Claim, ClaimRequest, Completion } from './answer-store.ts';

export interface MemoryAnswerStoreOptions {
  /** Most keys, at least 1. Defaults to 10,000. */
  readonly maxEntries?: number | undefined;
  /** Most bytes of all answers together, at least 1. Defaults to 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

interface Entry {
  readonly fingerprint: string;
  readonly token: string;
  readonly expiresAt: number;
  readonly isAnswered: boolean;
  readonly answer: Answer | undefined;
  readonly bytes: number;
}

/**
 * Keeps answers in the memory of one process, which forgets them when it ends. Over a bound the oldest answers go first;
 * claims never go before their time, and a key that finds only claims is refused.
 *
 * Invariant: never more than `maxEntries` keys, nor more than `maxBytes` of answers.
 */
export class MemoryAnswerStore implements AnswerStore {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #clock: Clock;
  /** Claims, oldest first. */
  readonly #claims = new Map<string, Entry>();
  /** Answers, oldest first. */
  readonly #answers = new Map<string, Entry>();
  #bytes = 0;
  #tokens = 0;

  /** @throws {InvalidOptionError} naming the first option out of range. */
  constructor(options: MemoryAnswerStoreOptions = {}) {
    const { maxEntries = 10_000, maxBytes = 64 * 2 ** 20, clock = systemClock } = object('options', options);
    this.#maxEntries = wholeNumber('maxEntries', maxEntries, 1);
    this.#maxBytes = wholeNumber('maxBytes', maxBytes, 1);
    this.#clock = methods('clock', clock, 'now', 'epoch', 'schedule');
  }

  /** Keys held, those whose time is over and that nobody has asked for since included. */
  get size(): number {
    return this.#claims.size + this.#answers.size;
  }

  /** Bytes of the answers held. */
  get bytes(): number {
    return this.#bytes;
  }

  claim({ key, fingerprint, lockMs }: ClaimRequest): Claim {
    const now = this.#clock.now();
    const found = this.#claims.get(key) ?? this.#answers.get(key);
    if (found !== undefined && found.expiresAt > now) {
      return found.isAnswered
        ? { kind: 'answered', fingerprint: found.fingerprint, answer: found.answer }
        : { kind: 'running', fingerprint: found.fingerprint };
    }
    this.#drop(key);
    this.#dropExpired(now);
    if (!this.#makeRoom()) return { kind: 'full' };
    const token = String((this.#tokens += 1));
    const expiresAt = now + lockMs;
    this.#claims.set(key, { fingerprint, token, expiresAt, isAnswered: false, answer: undefined, bytes: 0 });
    return { kind: 'claimed', token };
  }

  complete({ key, token, fingerprint, answer, ttlMs }: Completion): void {
    const holder = this.#claims.get(key) ?? this.#answers.get(key);
    if (holder !== undefined && holder.token !== token) return;
    this.#drop(key);
    const size = answer === undefined ? 0 : sizeOf(answer);
    const kept = size > this.#maxBytes ? undefined : answer;
    const bytes = kept === undefined ? 0 : size;
    const expiresAt = this.#clock.now() + ttlMs;
    this.#answers.set(key, { fingerprint, token, expiresAt, isAnswered: true, answer: kept, bytes });
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes || this.size > this.#maxEntries) this.#dropOldestAnswer();
  }

  release(key: string, token: string): void {
    if (this.#claims.get(key)?.token === token) this.#claims.delete(key);
  }

  /** Where all claims hold equally long, and so do all answers, what is over is at the front. */
  #dropExpired(now: number): void {
    for (const entries of [this.#claims, this.#answers])
      for (const [key, { expiresAt }] of entries) {
        if (expiresAt > now) break;
        this.#drop(key);
      }
  }

  #makeRoom(): boolean {
    if (this.size < this.#maxEntries) return true;
    if (this.#answers.size === 0) return false;
    this.#dropOldestAnswer();
    return true;
  }

  #dropOldestAnswer(): void {
    for (const key of this.#answers.keys()) return this.#drop(key);
  }

  #drop(key: string): void {
    this.#bytes -= this.#answers.get(key)?.bytes ?? 0;
    this.#answers.delete(key);
    this.#claims.delete(key);
  }
}

function sizeOf({ headers, body }: Answer): number {
  return headers.reduce((sum, [name, value]) => sum + name.length + String(value).length, body.byteLength);
}
