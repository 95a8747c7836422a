import { type Clock, methods, minutes, systemClock, text, wholeNumber } from '@holdfast/core';

import { lifetime } from '../checks.ts';
import type { DumpedEntry } from '../results.ts';
import { type Codec, resolveCodec } from '../values/codec.ts';
import { typedCodec } from '../values/typed-codec.ts';
import { ContainerWriter } from './container.ts';
import { readEntry, writeEntry } from './entry-record.ts';
import { readKeptFile, type Refusal } from './kept-file.ts';
import { replaceFile } from './replace-file.ts';

/** What a snapshot is taken of: a tiered cache, or whatever can tell and take its entries. */
export interface SnapshotCache {
  readonly name: string;
  /** The hottest first. */
  dump(options?: { readonly maxEntries?: number }): Iterable<DumpedEntry>;
  /** Takes entries in the order of `dump`, and tells how many it holds now. */
  restore(entries: Iterable<DumpedEntry>): number | Promise<number>;
}

/** What saving and restoring have to agree on. */
interface SnapshotFormat {
  /** Turns values into bytes. Defaults to `typedCodec`. */
  readonly codec?: Codec | undefined;
  /** What the values look like: to be changed with their shape, so that older snapshots are not used. Defaults to `''`. */
  readonly schema?: string | undefined;
  /** Largest file in bytes, at least 1. Defaults to 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface SaveSnapshotOptions extends SnapshotFormat {
  /** Most entries saved, at least 1; the hottest are. Defaults to no limit of its own. */
  readonly maxEntries?: number | undefined;
}

export interface RestoreSnapshotOptions extends SnapshotFormat {
  /** A snapshot older than that is not used, in milliseconds. Defaults to 10 minutes. */
  readonly maxAgeMs?: number | undefined;
  /**
   * Leaves the file where it is. Defaults to `false`: a snapshot is used once, because what is deleted after it was
   * restored would be there again the next time.
   */
  readonly keepFile?: boolean | undefined;
}

export interface SavedSnapshot {
  readonly entries: number;
  /** Entries that the codec cannot represent, or that had no room. */
  readonly leftOut: number;
  readonly bytes: number;
}

export type RestoredSnapshot =
  | {
      /** How many entries the cache holds now, of those in the file. */
      readonly entries: number;
      /** Entries that have gone meanwhile, that the codec makes nothing of, or that the cache does not want. */
      readonly leftOut: number;
      readonly reason?: undefined;
    }
  | ({ readonly entries: 0; readonly leftOut: 0 } & Refusal);

/**
 * Saves the entries in memory, so that the next process starts warm. The file has the old content or the new, whatever
 * happens meanwhile, and can be read by this user only; a missing folder is made. Values are in it as the codec writes
 * them, not encrypted.
 *
 * Take it last, when the cache is not written to any more, and before the cache is disposed: what is deleted later is in
 * the file. Where the cache has lower tiers, it asks them for the entries, so this does no harm; where it has none, the
 * next process finds the deleted entries again.
 *
 * @throws {InvalidOptionError} naming the first option out of range.
 * @throws Whatever the file system throws. The old file is still there then.
 */
export async function saveSnapshot(
  cache: SnapshotCache,
  file: string,
  options: SaveSnapshotOptions = {},
): Promise<SavedSnapshot> {
  methods('cache', cache, 'dump');
  text('file', file);
  const { codec, label, maxBytes, clock } = resolveFormat(cache, options);
  const maxEntries = wholeNumber('maxEntries', options.maxEntries ?? Number.MAX_SAFE_INTEGER, 1);
  const savedAt = clock.epoch();
  // All at once: entries may change while the file is written.
  const entries = [...cache.dump({ maxEntries })];
  const writer = new ContainerWriter({ kind: 'entries', label, savedAt }, maxBytes);
  await replaceFile(file, writer.pieces(recordsOf(entries, codec)));
  return { entries: writer.records, leftOut: entries.length - writer.records, bytes: writer.bytes };
}

/**
 * Brings the entries of a snapshot back. Their lives go on where they were, less the time that they spent in the file by
 * the wall clock. A file that cannot be used restores nothing and says why.
 *
 * @throws {InvalidOptionError} naming the first option out of range.
 * @throws Whatever the cache's `restore` throws. What is wrong with the file is in the result.
 */
export async function restoreSnapshot(
  cache: SnapshotCache,
  file: string,
  options: RestoreSnapshotOptions = {},
): Promise<RestoredSnapshot> {
  methods('cache', cache, 'restore');
  const { codec, ...format } = resolveFormat(cache, options);
  const found = await readKeptFile(text('file', file), {
    ...format,
    kind: 'entries',
    maxAgeMs: lifetime('maxAgeMs', options.maxAgeMs ?? minutes(10)),
    use: options.keepFile === true ? 'again' : 'once',
  });
  if ('reason' in found) return { entries: 0, leftOut: 0, ...found };
  const entries = await cache.restore(entriesOf(found.records, found.ageMs, codec));
  return { entries, leftOut: found.records.length - entries };
}

function resolveFormat(
  cache: SnapshotCache,
  options: SnapshotFormat,
): { readonly codec: Codec; readonly label: string; readonly maxBytes: number; readonly clock: Clock } {
  const codec = resolveCodec(options.codec ?? typedCodec);
  return {
    codec,
    label: JSON.stringify([text('cache.name', cache.name), options.schema ?? '', codec.id]),
    maxBytes: wholeNumber('maxBytes', options.maxBytes ?? 64 * 1024 * 1024, 1),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

function* recordsOf(entries: readonly DumpedEntry[], codec: Codec): Generator<Buffer> {
  for (const entry of entries) {
    const record = attempt(() => writeEntry(entry, codec));
    if (record !== undefined) yield record;
  }
}

function* entriesOf(records: readonly Buffer[], ageMs: number, codec: Codec): Generator<DumpedEntry> {
  for (const record of records) {
    const entry = attempt(() => readEntry(record, ageMs, codec));
    if (entry !== undefined) yield entry;
  }
}

/** An entry that cannot be written or read is left out, as if it had been pushed out of memory. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
