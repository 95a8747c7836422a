import { hash } from 'node:crypto';
import { KnownSubject } from './known-subject.ts';

/** Most subjects per scope that are remembered. */
const mostSubjects = 10_000;

/**
 * The keys of one scope's subjects. A subject is hashed: a key has a bounded length, and nothing in a subject means
 * anything to Redis. The digest is in the hash tag of the key, so that all of a subject lies in one slot.
 */
export class SubjectKeys {
  readonly #prefix: string;
  #known = new Map<string, KnownSubject>();

  constructor(prefix: string, limiter: string, scope: string) {
    // The last colon but one ends the limiter's name, so a scope has none: 'a:b' and 'c' are not 'a' and 'b:c'.
    this.#prefix = `${prefix}:{${limiter}:${scope.replaceAll(/[%:]/g, encodeURIComponent)}:`;
  }

  of(subject: string): KnownSubject {
    let known = this.#known.get(subject);
    if (known !== undefined) return known;
    known = new KnownSubject(`${this.#prefix}${digestOf(subject)}}`);
    // All at once costs less than the bookkeeping that would spare the busy ones.
    if (this.#known.size >= mostSubjects) this.#known = new Map();
    this.#known.set(subject, known);
    return known;
  }

  /** The subject, if it was asked about of late. */
  find(subject: string): KnownSubject | undefined {
    return this.#known.get(subject);
  }
}

/** 128 bits. */
function digestOf(subject: string): string {
  // Lone surrogates would all be the same in UTF-8, and subjects that have them would share their counts.
  const content = subject.isWellFormed() ? subject : Buffer.from(subject, 'utf16le');
  return hash('sha256', content, 'base64url').slice(0, 22);
}
