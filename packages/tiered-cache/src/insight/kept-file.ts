import type { Clock } from '@holdfast/core';
import { readFile, stat, unlink } from 'node:fs/promises';

import { type Head, type Misfit, openContainer } from './container.ts';

/**
 * How far into the future a file may have been saved, in milliseconds, and still be taken for new: machines that share
 * a disk differ by a little. Of one from further ahead nobody knows how old it is.
 */
const maxSkewMs = 5_000;

/** Why a file was not used. */
export type Refusal =
  | {
      /**
       * - `'missing'`: there is none. So it is when a program starts for the first time.
       * - `'too-large'`: it is over `maxBytes`.
       * - `'too-old'`: it was saved more than `maxAgeMs` ago.
       * - `'from-the-future'`: it was saved after now, so the wall clock has been set back and its age is unknown.
       * - `'foreign'`: it is none of ours, or of another kind.
       * - `'newer'`: a newer version of this package has written it.
       * - `'damaged'`: it was cut short or changed.
       * - `'other-label'`: it was saved for another cache, `schema` or codec.
       */
      readonly reason: 'missing' | 'too-large' | 'too-old' | 'from-the-future' | Misfit;
    }
  | {
      /** The file system gave an error, or it is no file. */
      readonly reason: 'unreadable';
      readonly error: unknown;
    };

export interface KeptFileTerms extends Omit<Head, 'savedAt'> {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly clock: Clock;
  /** Whether the file is there for the next time as well. */
  readonly use: 'once' | 'again';
}

/** What was in a file, and for how long, in milliseconds. */
export interface KeptFile {
  readonly ageMs: number;
  readonly records: readonly Buffer[];
}

/** The content of a file, or why it is not to be used. Never rejects. */
export async function readKeptFile(file: string, terms: KeptFileTerms): Promise<KeptFile | Refusal> {
  try {
    const found = await stat(file);
    if (!found.isFile()) return { reason: 'unreadable', error: new TypeError(`${file} is not a file`) };
    if (found.size > terms.maxBytes) return { reason: 'too-large' };
    const kept = open(await readFile(file), terms);
    // Of several processes that have read it by now, one can remove it; for the others it is missing.
    if (terms.use === 'once' && 'records' in kept) await unlink(file);
    return kept;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return { reason: 'missing' };
    return { reason: 'unreadable', error };
  }
}

function open(bytes: Buffer, terms: KeptFileTerms): KeptFile | Refusal {
  const opened = openContainer(bytes, terms);
  if (typeof opened === 'string') return { reason: opened };
  const ageMs = terms.clock.epoch() - opened.savedAt;
  if (!(ageMs >= -maxSkewMs)) return { reason: 'from-the-future' };
  if (ageMs > terms.maxAgeMs) return { reason: 'too-old' };
  return { ageMs: Math.max(0, ageMs), records: opened.records };
}
