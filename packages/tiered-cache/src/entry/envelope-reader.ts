import type { Position } from '../coherence/position.ts';
import type { Origin, Terms } from './entry.ts';
import { layout } from './layout.ts';

const low = 64n;

/** Reads the fields of an envelope. By a view, which makes one number of each where a buffer's methods make several. */
export class EnvelopeReader {
  readonly #buffer: Buffer;
  readonly #view: DataView;
  /** Where the payload begins, once {@link origin} has been read. */
  #offset: number = layout.etagAt;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  }

  get isTombstone(): boolean {
    return this.#buffer[layout.kindAt] === layout.tombstone;
  }

  /** Whether it has moved up from a durable tier. */
  get isMoved(): boolean {
    return this.#buffer[layout.kindAt] === layout.moved;
  }

  /** Milliseconds since 1970 on the writer's clock, like {@link freshUntil}. */
  get storedAt(): number {
    return this.#time(layout.storedAtAt);
  }

  /** Never later than the life given allows, for this field and `slidingMs` are not authenticated: they change in place. */
  get freshUntil(): number {
    return Math.min(this.#time(layout.freshUntilAt), this.storedAt + this.#time(layout.ttlAt));
  }

  get terms(): Terms {
    return {
      ttlMs: this.#time(layout.ttlAt),
      slidingMs: this.#time(layout.slidingAt),
      staleWhileRevalidateMs: this.#time(layout.staleWhileRevalidateAt),
      staleIfErrorMs: this.#time(layout.staleIfErrorAt),
    };
  }

  /** To be read once, before {@link header} and {@link payload}. */
  origin(): Origin {
    const view = this.#view;
    const version = view.getFloat64(layout.versionAt, true);
    const etag = this.#text();
    const tags = this.#tags();
    return {
      stamp: view.getBigUint64(layout.stampAt),
      epoch: view.getBigUint64(layout.epochAt),
      born: this.#born(),
      tags,
      etag: etag === '' ? undefined : etag,
      version: version < 0 ? undefined : version,
      loadMs: this.#time(layout.loadMsAt),
    };
  }

  get header(): Buffer {
    return this.#buffer.subarray(0, this.#offset);
  }

  get payload(): Buffer {
    return this.#buffer.subarray(this.#offset);
  }

  #born(): Position {
    const milliseconds = this.#view.getBigUint64(layout.bornAt);
    return (milliseconds << low) | this.#view.getBigUint64(layout.bornAt + 8);
  }

  #time(offset: number): number {
    const value = this.#view.getFloat64(offset, true);
    if (value >= 0) return value;
    throw new TypeError('a cache entry has a damaged header');
  }

  #tags(): readonly string[] | undefined {
    const count = this.#count();
    if (count === 0) return undefined;
    const tags: string[] = [];
    for (let index = 0; index < count; index += 1) tags.push(this.#text());
    return tags;
  }

  #text(): string {
    const length = this.#count();
    if (length === 0) return '';
    const end = this.#offset + length;
    if (end > this.#buffer.length) throw new TypeError('a cache entry has a damaged header');
    const text = this.#buffer.toString('utf8', this.#offset, end);
    this.#offset = end;
    return text;
  }

  #count(): number {
    if (this.#offset + 2 > this.#buffer.length) throw new TypeError('a cache entry has a damaged header');
    const count = this.#view.getUint16(this.#offset);
    this.#offset += 2;
    return count;
  }
}
