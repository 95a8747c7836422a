import { describe, expect, it } from 'vitest';

import { cursorAfter, cursorAt, itemOfCursor, offsetOfCursor } from '../../src/domain/cursor.ts';
import {
  checkedDraft,
  checkedEvent,
  checkedLimit,
  checkedPatch,
  normalised,
} from '../../src/domain/limits.ts';
import { userId } from '../../src/domain/user-id.ts';
import { anEvent, anItem, epochMs } from '../support/fixtures.ts';

const refuses = (field: string): object => expect.objectContaining({ code: 'ERR_INVALID_INPUT', field });

describe('checkedDraft', () => {
  it('fills what is left out', () => {
    expect(checkedDraft({ title: ' A title ' })).toEqual({
      kind: 'note',
      title: 'A title',
      body: '',
      tags: [],
      links: [],
      source: undefined,
    });
  });

  it.each([
    ['title', { title: '' }],
    ['title', { title: ' \n ' }],
    ['title', { title: 'x'.repeat(513) }],
    ['body', { title: 'x', body: 'ü'.repeat(32_769) }],
    ['kind', { title: 'x', kind: 'Not A Kind' }],
    ['tags', { title: 'x', tags: Array.from({ length: 33 }, (_, index) => `${index}`) }],
    ['tags', { title: 'x', tags: ['x'.repeat(65)] }],
    ['tags', { title: 'x', tags: [''] }],
    ['links', { title: 'x', links: Array.from({ length: 257 }, (_, index) => `${index}`) }],
    ['source', { title: 'x', source: '' }],
  ])('refuses a %s outside the limits', (field, draft) => {
    expect(() => checkedDraft(draft)).toThrow(refuses(field));
  });

  it('takes a body of exactly 64 KiB', () => {
    expect(checkedDraft({ title: 'x', body: 'ü'.repeat(32_768) }).body).toHaveLength(32_768);
  });

  it('lower-cases tags and keeps each once', () => {
    expect(checkedDraft({ title: 'x', tags: ['B', 'a', 'b '] }).tags).toEqual(['b', 'a']);
  });
});

describe('checkedPatch', () => {
  it('has the given fields alone', () => {
    expect(checkedPatch({ body: 'new' })).toEqual({ body: 'new' });
    expect(checkedPatch({ title: undefined })).toEqual({});
    expect(() => checkedPatch({ title: '' })).toThrow(refuses('title'));
  });
});

describe('normalised', () => {
  it('composes, ends lines alike, and leaves out what no text needs', () => {
    expect(normalised('e\u0301 a\r\nb\tc \u0000\u0002\u0003\u007f\ud800')).toBe('é a\nb\tc \ufffd');
  });
});

describe('checkedEvent', () => {
  const { id } = anItem();

  it('fills what is left out', () => {
    expect(checkedEvent({ eventId: 'e', itemId: id }, epochMs)).toEqual({
      eventId: 'e',
      itemId: id,
      at: epochMs,
      origin: 'open',
      session: '',
    });
  });

  it.each([
    ['eventId', { eventId: '' }],
    ['eventId', { eventId: 'x'.repeat(65) }],
    ['itemId', { itemId: 'no-uuid' }],
    ['at', { at: epochMs + 300_001 }],
    ['at', { at: Number.NaN }],
    ['at', { at: -1 }],
    ['origin', { origin: 'guess' as 'open' }],
    ['session', { session: 'a b' }],
  ])('refuses an event with a bad %s', (field, fields) => {
    expect(() => checkedEvent({ ...anEvent(id), ...fields }, epochMs)).toThrow(refuses(field));
  });
});

describe('checkedLimit', () => {
  it('is from 1 to 100', () => {
    expect([checkedLimit(undefined, 7), checkedLimit(1, 7), checkedLimit(100, 7)]).toEqual([7, 1, 100]);
    for (const value of [0, 101, 1.5, Number.NaN])
      expect(() => checkedLimit(value, 7)).toThrow(refuses('limit'));
  });
});

describe('cursors', () => {
  it('lead back to what they were made of, and nothing else does', () => {
    const { id } = anItem();

    expect(itemOfCursor(cursorAfter(id))).toBe(id);
    expect(offsetOfCursor(cursorAt(40))).toBe(40);
    for (const cursor of ['', 'x', cursorAt(1)])
      expect(() => itemOfCursor(cursor)).toThrow(refuses('cursor'));
    for (const cursor of ['', 'x', cursorAfter(id), cursorAt(-1)])
      expect(() => offsetOfCursor(cursor)).toThrow(refuses('cursor'));
  });
});

describe('userId', () => {
  it('takes what identity providers give, and refuses what could be a path or a key of its own', () => {
    expect(['a', 'auth0|5f7c', 'ann@example.org', 'x'.repeat(128)].map(userId)).toHaveLength(4);
    for (const value of ['', 'a b', 'a/b', 'x'.repeat(129), 'a\n'])
      expect(() => userId(value)).toThrow(refuses('user'));
  });
});
