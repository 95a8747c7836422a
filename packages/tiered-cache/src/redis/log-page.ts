import type {
  Change,
  Invalidation,
  LogMark,
  LogPage,
  LogStart,
  StoreState,
} from '../coherence/coherent-store.ts';
import { type Position, positionOf } from '../coherence/position.ts';

/** Most entries of a page. */
export const maxEntries = 1_000;

/** Where a reader stands, and in the log of which store. */
export interface RedisMark extends LogMark {
  /** The number of the last entry read. */
  readonly number: number;
  readonly epoch: bigint;
  /** Which run of which server the log was read from. */
  readonly run: string;
}

/** What the script `page` answers. */
export interface PageReply extends StoreState {
  /** How many entries were ever logged. */
  readonly count: number;
  /** The position of the last one of them. */
  readonly last: Position;
  readonly run: string;
  readonly entries: readonly NumberedEntry[];
}

/** An entry of the log; without a change if it is none of ours. */
export interface NumberedEntry {
  readonly number: number;
  readonly position: Position;
  readonly change: Invalidation | undefined;
}

type RawPage = readonly [
  epoch: Buffer,
  count: Buffer,
  last: Buffer,
  cleared: Buffer,
  floor: Buffer,
  run: Buffer,
  entries: readonly RawEntry[],
];
type RawEntry = readonly [id: Buffer, fields: readonly Buffer[]];

/** The position that a script gives as the id of an entry. */
export function positionIn(id: unknown): Position {
  return positionOf((id as Buffer).toString());
}

export function parsePage(reply: unknown): PageReply {
  const [epoch, count, last, cleared, floor, run, entries] = reply as RawPage;
  return {
    epoch: BigInt(`0x${epoch.toString()}`),
    count: Number(count.toString()),
    last: positionIn(last),
    cleared: positionIn(cleared),
    tagFloor: positionIn(floor),
    run: run.toString(),
    entries: entries.map(parseEntry),
  };
}

/** Where to begin: before the oldest entry of the page, or at the end of the log if it has none. */
export function startOf(page: PageReply): LogStart {
  const [oldest] = page.entries;
  if (oldest === undefined) return { ...stateOf(page), mark: endOf(page) };
  return { ...stateOf(page), mark: markAt(page, oldest.position - 1n, oldest.number - 1) };
}

/**
 * What has happened since `mark`. Numbers are given out without holes and positions with them, so whatever is missing
 * shows: in the middle as a hole, at the end as a last entry that is not the last one logged.
 */
export function pageSince(mark: RedisMark, page: PageReply): LogPage {
  const { entries, count, last } = page;
  const end = entries.at(-1) ?? mark;
  const whole = entries.length < maxEntries;
  const reached = whole ? end.number === count && end.position === last : end.number <= count;
  const same = page.epoch === mark.epoch && page.run === mark.run;
  const changes = consecutive(entries, mark.number);
  if (!same || !reached || changes === undefined) {
    const replaced = page.run !== mark.run || count < mark.number;
    return { ...stateOf(page), mark: endOf(page), changes: [], more: false, gap: true, replaced };
  }
  const read = markAt(page, end.position, end.number);
  return { ...stateOf(page), mark: read, changes, more: end.number < count, gap: false };
}

/** The changes, if each follows the one before. */
function consecutive(entries: readonly NumberedEntry[], before: number): readonly Invalidation[] | undefined {
  const changes: Invalidation[] = [];
  for (const [index, { number, change }] of entries.entries()) {
    if (change === undefined || number !== before + 1 + index) return undefined;
    changes.push(change);
  }
  return changes;
}

function stateOf({ epoch, cleared, tagFloor }: PageReply): StoreState {
  return { epoch, cleared, tagFloor };
}

function endOf(page: PageReply): RedisMark {
  return markAt(page, page.last, page.count);
}

function markAt({ epoch, run }: PageReply, position: Position, number: number): RedisMark {
  return { position, number, epoch, run };
}

function parseEntry([id, fields]: RawEntry): NumberedEntry {
  const position = positionIn(id);
  const [, number, , origin, , change, , names] = fields.map(String);
  return { number: Number(number), position, change: parseChange(position, origin, change, names) };
}

function parseChange(position: Position, origin = '', change = '', names = ''): Invalidation | undefined {
  try {
    return { position, origin, change: change as Change, names: JSON.parse(names) as string[] };
  } catch {
    return undefined;
  }
}
