import type { BulkheadOptions } from '@holdfast/bulkhead';
import { describe, expect, it } from 'vitest';

import { type Facts, play } from './script.ts';

type Row = readonly [
  id: string,
  what: string,
  options: BulkheadOptions & { readonly deadlineMs?: number },
  script: string,
  facts: Partial<Facts>,
];

const late = 'bulkhead passed the deadline of the call';

const rows: readonly Row[] = [
  [
    'BH-01',
    'runs no more than the limit',
    { limit: 2, maxQueued: 9 },
    'a b c d',
    { started: 'ab', running: 2, queued: 2 },
  ],
  [
    'BH-02',
    'refuses whoever finds slots and queue full',
    { limit: 3, maxQueued: 2 },
    'a b c d e f',
    { started: 'abc', queued: 2, ended: 'f:full' },
  ],
  [
    'BH-02',
    'refuses at once where there is no queue',
    { limit: 1 },
    'a b',
    { started: 'a', ended: 'b:full' },
  ],
  [
    'BH-02',
    'admits exactly one for each that ends',
    { limit: 2, maxQueued: 9 },
    'a b c d e a.',
    { started: 'abc', running: 2, queued: 2 },
  ],
  [
    'BH-03',
    'refuses none of those who wait when others come',
    { limit: 1, maxQueued: 2 },
    'a b c d e a. b. c.',
    { started: 'abc', ended: 'd:full e:full a:ok b:ok c:ok' },
  ],
  [
    'BH-04',
    'lets no newcomer overtake in the turn in which a slot is freed',
    { limit: 1, maxQueued: 1 },
    'a b a.&c b.',
    { started: 'ab', ended: 'c:full a:ok b:ok' },
  ],
  [
    'BH-04',
    'queues a newcomer behind those who wait',
    { limit: 1, maxQueued: 2 },
    'a b a.&c b.',
    { started: 'abc' },
  ],
  [
    'BH-05',
    'admits in the order of arrival',
    { limit: 1, maxQueued: 9 },
    'a b c d e a. b. c. d.',
    { started: 'abcde' },
  ],
  [
    'BH-06',
    'lets an aborted waiter go at once, and never runs it',
    { limit: 1, maxQueued: 9 },
    'a b c b~ a.',
    { started: 'ac', ended: 'b:aborted a:ok', queued: 0 },
  ],
  [
    'BH-06',
    'gives the place of an aborted waiter to the next who comes',
    { limit: 1, maxQueued: 1 },
    'a b b~&c',
    { queued: 1, ended: 'b:aborted' },
  ],
  [
    'BH-07',
    'lets the caller of a running call go, and keeps its slot taken',
    { limit: 1 },
    'a a~ b',
    { started: 'a', ended: 'a:aborted b:full', running: 1 },
  ],
  [
    'BH-07',
    'frees the slot when the abandoned operation settles',
    { limit: 1, maxQueued: 1 },
    'a b a~ a!',
    { started: 'ab', ended: 'a:aborted', running: 1 },
  ],
  [
    'BH-08',
    'frees a slot whichever way an operation ends',
    { limit: 1 },
    'a a! b b. c c~ c. d',
    { started: 'abcd', running: 1, ended: 'a:failed b:ok c:aborted' },
  ],
  [
    'BH-09',
    'admits none after a lower limit until enough have ended',
    { limit: 3, maxQueued: 9 },
    'a b c d =1 a. b.',
    { started: 'abc', running: 1, queued: 1 },
  ],
  [
    'BH-09',
    'admits again under a lower limit, and stops nobody',
    { limit: 3, maxQueued: 9 },
    'a b c d =1 a. b. c.',
    { started: 'abcd', running: 1, ended: 'a:ok b:ok c:ok' },
  ],
  [
    'BH-09',
    'admits waiters when the limit rises',
    { limit: 1, maxQueued: 9 },
    'a b c d =3',
    { started: 'abc', running: 3, queued: 1 },
  ],
  [
    'BH-16',
    'refuses who waits and who comes when it is disposed',
    { limit: 1, maxQueued: 9 },
    'a b close c',
    { started: 'a', ended: 'b:closed c:closed', running: 1 },
  ],
  [
    'BH-16',
    'is disposed when the last running operation has settled',
    { limit: 2 },
    'a b a~ close b. a.',
    { ended: 'a:aborted b:ok disposed' },
  ],
  [
    'BH-16',
    'is disposed at once if nothing runs, however often',
    { limit: 1 },
    'close close',
    { ended: 'disposed disposed' },
  ],
  [
    'wait',
    'gives up a wait after maxWaitMs, and not before',
    { limit: 1, maxQueued: 9, maxWaitMs: 100 },
    'a b +99 c +1',
    { queued: 1, ended: 'b:waited-too-long' },
  ],
  [
    'wait',
    'gives up a wait at the deadline of the call',
    { limit: 1, maxQueued: 9, deadlineMs: 100 },
    'a b +100',
    { queued: 0, ended: `b:${late}` },
  ],
  [
    'wait',
    'names the deadline if both are over at once',
    { limit: 1, maxQueued: 9, maxWaitMs: 100, deadlineMs: 100 },
    'a b +100',
    { ended: `b:${late}` },
  ],
  [
    'wait',
    'names maxWaitMs if it is over first',
    { limit: 1, maxQueued: 9, maxWaitMs: 99, deadlineMs: 100 },
    'a b +100',
    { ended: 'b:waited-too-long' },
  ],
  [
    'wait',
    'starts and queues nobody whose deadline is over',
    { limit: 1, maxQueued: 9, deadlineMs: 0 },
    'a b',
    { started: '', queued: 0, ended: `a:${late} b:${late}` },
  ],
  [
    'wait',
    'does not interrupt a running call at maxWaitMs',
    { limit: 1, maxQueued: 9, maxWaitMs: 10 },
    'a b +9 a. +1000',
    { started: 'ab', running: 1, ended: 'a:ok' },
  ],
];

describe('Bulkhead, row by row', () => {
  it.each(rows)('%s: %s', async (_id, _what, options, script, facts) => {
    expect(await play(options, script)).toMatchObject(facts);
  });
});
