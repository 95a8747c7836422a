import { type Clock, hours, methods, systemClock, text, wholeNumber } from '@holdfast/core';

import { lifetime } from '../checks.ts';
import { ContainerWriter } from './container.ts';
import type { HotKey } from './hot-keys.ts';
import { readKeptFile, type Refusal } from './kept-file.ts';
import { replaceFile } from './replace-file.ts';

export interface SaveHotKeysOptions {
  /** Most keys saved, at least 1; the hottest are. Defaults to 1,000. */
  readonly maxKeys?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface ReadHotKeysOptions {
  /** Older keys are not used, in milliseconds. Defaults to 7 days. */
  readonly maxAgeMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** The keys, the hottest first; or none, and why. */
export type ReadHotKeys =
  | { readonly keys: readonly string[]; readonly reason?: undefined }
  | ({ readonly keys: readonly [] } & Refusal);

/** Largest file in bytes. */
const maxBytes = 64 * 1024 * 1024;

const format = { kind: 'keys', label: '' } as const;

/**
 * Saves the hottest keys for the next run, which loads them with `warmUp`. The file has the old content or the new,
 * whatever happens meanwhile. Can be read by this user only.
 *
 * @returns how many were saved.
 * @throws {InvalidOptionError} naming the first option out of range.
 * @throws Whatever the file system throws. The old file is still there then.
 */
export async function saveHotKeys(
  hotKeys: { top(limit: number): Iterable<Pick<HotKey, 'key'>> },
  file: string,
  options: SaveHotKeysOptions = {},
): Promise<number> {
  methods('hotKeys', hotKeys, 'top');
  text('file', file);
  const limit = wholeNumber('maxKeys', options.maxKeys ?? 1_000, 1);
  const clock = clockOf(options);
  const records = [...hotKeys.top(limit)].map(({ key }) => Buffer.from(key));
  const writer = new ContainerWriter({ ...format, savedAt: clock.epoch() }, maxBytes);
  await replaceFile(file, writer.pieces(records));
  return writer.records;
}

/**
 * The keys that the last run saved. Rejects for no file, whatever is in it.
 *
 * @throws {InvalidOptionError} naming the first option out of range.
 */
export async function readHotKeys(file: string, options: ReadHotKeysOptions = {}): Promise<ReadHotKeys> {
  const found = await readKeptFile(text('file', file), {
    ...format,
    maxAgeMs: lifetime('maxAgeMs', options.maxAgeMs ?? hours(7 * 24)),
    maxBytes,
    clock: clockOf(options),
    use: 'again',
  });
  if ('reason' in found) return { keys: [], ...found };
  return { keys: found.records.map((record) => record.toString()) };
}

function clockOf(options: { readonly clock?: Clock | undefined }): Clock {
  return methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule');
}
