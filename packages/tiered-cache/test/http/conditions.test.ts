import { isNotModified } from '@holdfast/tiered-cache/http';
import { describe, expect, it } from 'vitest';

const changed = 'Sun, 06 Nov 1994 08:49:37 GMT';

describe('isNotModified', () => {
  it.each([
    ['the same tag', '"a"', '"a"', true],
    ['another tag', '"b"', '"a"', false],
    ['one of several', '"x", "a" ,"y"', '"a"', true],
    ['a tag with a comma in it', '"x,y", "a,b"', '"a,b"', true],
    ['a part of a tag', '"x,a"', '"a"', false],
    ['whatever there is', '*', '"a"', true],
    ['whatever there is, with spaces', ' * ', undefined, true],
    ['a weak one for a strong one', 'W/"a"', '"a"', true],
    ['a strong one for a weak one', '"a"', 'W/"a"', true],
    ['a weak one for a weak one', 'W/"a"', 'W/"a"', true],
    ['a tag without quotes', 'a', '"a"', false],
    ['a tag that is not closed', '"a', '"a"', false],
    ['nothing', '', '"a"', false],
    ['a tag where there is none', '"a"', undefined, false],
    ['the empty tag', '""', '""', true],
  ])('judges If-None-Match with %s', (_, list, etag, expected) => {
    expect(isNotModified({ 'if-none-match': list }, { etag })).toBe(expected);
  });

  it.each([
    ['the very second', 'Sun, 06 Nov 1994 08:49:37 GMT', true],
    ['a later one', 'Sun, 06 Nov 1994 08:49:38 GMT', true],
    ['an earlier one', 'Sun, 06 Nov 1994 08:49:36 GMT', false],
    ['the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', true],
    ['the form of asctime', 'Sun Nov  6 08:49:37 1994', true],
    ['a date of another standard', '1994-11-06T08:49:38Z', false],
    ['a date in another zone', 'Sun, 06 Nov 1994 08:49:38 +0100', false],
    ['a day that does not exist', 'Sun, 31 Feb 2094 08:49:38 GMT', false],
    ['no date', 'yesterday', false],
  ])('judges If-Modified-Since with %s', (_, since, expected) => {
    expect(isNotModified({ 'if-modified-since': since }, { lastModified: changed })).toBe(expected);
  });

  it('compares dates to the second', () => {
    const lastModified = new Date(Date.parse(changed) + 999);

    expect(isNotModified({ 'if-modified-since': changed }, { lastModified })).toBe(true);
    expect(
      isNotModified({ 'if-modified-since': changed }, { lastModified: new Date(+lastModified + 1) }),
    ).toBe(false);
  });

  it('lets If-None-Match decide alone where both are given', () => {
    const validators = { etag: '"a"', lastModified: changed };

    expect(isNotModified({ 'if-none-match': '"b"', 'if-modified-since': changed }, validators)).toBe(false);
    expect(
      isNotModified(
        { 'if-none-match': '"a"', 'if-modified-since': 'Sun, 06 Nov 1990 08:49:37 GMT' },
        validators,
      ),
    ).toBe(true);
  });

  it('says that it was modified where nothing is asked or nothing is known', () => {
    expect(isNotModified({}, { etag: '"a"', lastModified: changed })).toBe(false);
    expect(isNotModified({ 'if-modified-since': changed }, {})).toBe(false);
    expect(isNotModified({ 'if-modified-since': changed }, { lastModified: 'yesterday' })).toBe(false);
  });

  it('reads headers of fetch, and of Node.js in any case and in several lines', () => {
    expect(isNotModified(new Headers({ 'If-None-Match': '"a"' }), { etag: '"a"' })).toBe(true);
    expect(isNotModified({ 'If-None-Match': ['"x"', '"a"'] }, { etag: '"a"' })).toBe(true);
    expect(isNotModified(new Headers(), { etag: '"a"' })).toBe(false);
  });
});
