import { type OperationContext, text } from '@holdfast/core';

import { lifetime, tagsOf, version as checkedVersion } from '../checks.ts';
import { type Entry, type Terms } from '../entry/entry.ts';
import { NothingToKeepError } from '../errors.ts';
import type { LoadContext } from '../loader.ts';
import type { ValueGuard } from '../values/copies.ts';

/** What a loader has said about its value. */
export interface LoadFacts {
  readonly terms: Terms;
  readonly tags: readonly string[] | undefined;
  readonly version: number | undefined;
  readonly etag: string | undefined;
  readonly skipped: boolean;
}

/** What a run of a loader begins with. */
interface LoadStart {
  readonly key: string;
  readonly terms: Terms;
  /** Those of the call. */
  readonly tags: readonly string[] | undefined;
}

/** What one run of a loader is told, and what it says. The signal stays unborn until the loader reads it. */
export class LoadRun implements LoadContext {
  readonly key: string;
  readonly reason: LoadContext['reason'];
  readonly #context: OperationContext;
  readonly #stale: Entry | undefined;
  readonly #guard: ValueGuard;
  readonly #tagsOfCall: readonly string[] | undefined;
  #terms: Terms;
  #tags: readonly string[] | undefined;
  #version: number | undefined;
  #etag: string | undefined;
  #skipped = false;

  constructor(
    context: OperationContext,
    { key, terms, tags }: LoadStart,
    reason: LoadContext['reason'],
    stale: Entry | undefined,
    guard: ValueGuard,
  ) {
    this.#context = context;
    this.key = key;
    this.reason = reason;
    this.#stale = stale;
    this.#guard = guard;
    this.#tagsOfCall = tags;
    this.#terms = terms;
    this.#tags = tags;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get attempt(): number {
    return this.#context.attempt;
  }

  get stale(): unknown {
    return this.#stale && this.#guard.give(this.#stale.value);
  }

  get staleEtag(): string | undefined {
    return this.#stale?.origin.etag;
  }

  get facts(): LoadFacts {
    return {
      terms: this.#terms,
      tags: this.#tags,
      version: this.#version,
      etag: this.#etag,
      skipped: this.#skipped,
    };
  }

  // Functions of this object alone: a loader may take them out of it.

  readonly remainingMs = (): number => this.#context.remainingMs();

  readonly ttl = (ttlMs: number): void => {
    this.#terms = { ...this.#terms, ttlMs: lifetime('ttlMs', ttlMs) };
  };

  readonly tags = (...tags: readonly string[]): void => {
    this.#tags = tagsOf([...(this.#tags ?? []), ...tags]);
  };

  readonly version = (version: number): void => {
    this.#version = checkedVersion(version);
  };

  readonly etag = (etag: string): void => {
    this.#etag = text('etag', etag);
  };

  readonly skip = (): void => {
    this.#skipped = true;
  };

  readonly notModified = (): never => {
    if (this.#stale === undefined) throw new NothingToKeepError(this.key);
    const { etag, tags, version } = this.#stale.origin;
    this.#etag ??= etag;
    // Unless it has said others, what it said when the value was loaded still holds.
    if (this.#tags === this.#tagsOfCall) this.tags(...(tags ?? []));
    this.#version ??= version;
    return this.stale as never;
  };
}
