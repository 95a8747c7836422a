import { cacheControl, etagOf, isNotModified, parseCacheControl } from '@holdfast/tiered-cache/http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { formatHttpDate, parseHttpDate } from '../../src/http/http-date.ts';

const tagText = fc.string({
  unit: fc
    .oneof(fc.constant(0x21), fc.integer({ min: 0x23, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }))
    .map((code) => String.fromCharCode(code)),
});
const tags = fc.tuple(fc.constantFrom('', 'W/'), tagText).map(([weak, text]) => `${weak}"${text}"`);
const opaque = (tag: string): string => tag.replace(/^W\//, '');

const ms = fc.option(fc.integer({ min: 0, max: 4_000_000_000 }), { nil: undefined });

describe('validators', () => {
  it('match a list exactly if it holds the tag, weak or strong', () => {
    fc.assert(
      fc.property(fc.array(tags, { minLength: 1 }), tags, fc.boolean(), (list, other, own) => {
        const etag = own ? String(list[0]) : other;
        const expected = list.some((member) => opaque(member) === opaque(etag));
        expect(isNotModified({ 'if-none-match': list.join(', ') }, { etag })).toBe(expected);
      }),
    );
  });

  it('judge whatever a client sends without failing', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (ifNoneMatch, ifModifiedSince) => {
        const lastModified = new Date(0);
        const headers = { 'if-none-match': ifNoneMatch, 'if-modified-since': ifModifiedSince };
        expect(typeof isNotModified(headers, { etag: '"a"', lastModified })).toBe('boolean');
      }),
    );
  });

  it('are equal exactly for equal bodies', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        expect(etagOf(one) === etagOf(other)).toBe(Buffer.compare(one, other) === 0);
        expect(isNotModified({ 'if-none-match': etagOf(one) }, { etag: etagOf(one, { weak: true }) })).toBe(
          true,
        );
      }),
    );
  });
});

describe('HTTP dates', () => {
  it('read what they have written, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (atMs) => {
        expect(parseHttpDate(formatHttpDate(atMs))).toBe(Math.floor(atMs / 1_000) * 1_000);
      }),
    );
  });

  it('agree in all three forms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2069, 11, 31) }), (atMs) => {
        const date = formatHttpDate(atMs);
        const [weekday, day, month, year, time] = date.replace(',', '').split(' ') as [
          string,
          string,
          string,
          string,
          string,
        ];
        expect(parseHttpDate(`${weekday}day, ${day}-${month}-${year.slice(2)} ${time} GMT`)).toBe(
          parseHttpDate(date),
        );
        expect(parseHttpDate(`${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`)).toBe(
          parseHttpDate(date),
        );
      }),
    );
  });
});

describe('Cache-Control', () => {
  it('never promises more than it was told, nor a second less', () => {
    const options = fc.record({
      maxAgeMs: fc.integer({ min: 0, max: 4_000_000_000 }),
      sharedMaxAgeMs: ms,
      staleWhileRevalidateMs: ms,
      staleIfErrorMs: ms,
      immutable: fc.boolean(),
    });
    fc.assert(
      fc.property(options, (told) => {
        const read = parseCacheControl(cacheControl(told));
        const down = (value: number | undefined): number | undefined =>
          value && Math.floor(value / 1_000) * 1_000;
        expect(read).toMatchObject({
          maxAgeMs: down(told.maxAgeMs),
          sharedMaxAgeMs: down(told.sharedMaxAgeMs),
          staleWhileRevalidateMs: down(told.staleWhileRevalidateMs),
          staleIfErrorMs: down(told.staleIfErrorMs),
          immutable: told.immutable,
        });
      }),
    );
  });

  it('reads whatever comes without failing, and finds no-store wherever it stands alone', () => {
    const junk = fc.string({ unit: fc.constantFrom('a', '=', '"', '\\', ',', ' ', ';', '5', 'é') });
    fc.assert(
      fc.property(junk, (text) => {
        expect(parseCacheControl(`no-store, ${text}`).noStore).toBe(true);
        expect(parseCacheControl(text).noStore).toBe(false);
      }),
    );
  });
});
