import type { DedupeOptions } from '@holdfast/dedupe';
import { describe, expect, it } from 'vitest';

import {
  abort,
  advance,
  call,
  calls,
  fail,
  forget,
  History,
  type Seen,
  settled,
  type Step,
  succeed,
} from './history.ts';

interface Row {
  readonly id: string;
  readonly title: string;
  readonly options?: DedupeOptions;
  readonly steps: readonly (Step | readonly Step[])[];
  readonly expected: Partial<Seen>;
}

const names = (count: number, key = 'a'): string[] => Array.from({ length: count }, (_, i) => `${key}${i}`);
const each = (callers: readonly string[], outcome: string): Record<string, string> =>
  Object.fromEntries(callers.map((name) => [name, outcome]));

/** Calls with one key, in the order of their deadlines; rows DD-04 to DD-09 are those of the design's table of leavers. */
const rows: readonly Row[] = [
  {
    id: 'DD-01',
    title: 'many calls with one key cause one execution, and all outcomes are shared',
    steps: [calls(100), succeed(0)],
    expected: { outcomes: each(names(100), 'value 0'), shared: names(100), executions: 1, inFlight: 0 },
  },
  {
    id: 'DD-01',
    title: 'the outcome of a call that nobody joined is not shared',
    steps: [call('one'), succeed(0)],
    expected: { outcomes: { one: 'value 0' }, shared: [], executions: 1 },
  },
  {
    id: 'DD-02',
    title: 'calls with different keys know nothing of each other',
    steps: [calls(3, 'a'), calls(2, 'b'), calls(1, 'c'), fail(1), succeed(0)],
    expected: {
      outcomes: {
        ...each(names(3, 'a'), 'value 0'),
        ...each(names(2, 'b'), 'failure 1'),
        ...each(names(1, 'c'), 'waits'),
      },
      executions: 3,
      inFlight: 1,
    },
  },
  {
    id: 'DD-03',
    title: 'a failure reaches all who wait, once; the next call executes',
    steps: [calls(2), fail(0), settled, call('next'), succeed(1)],
    expected: {
      outcomes: { a0: 'failure 0', a1: 'failure 0', next: 'value 1' },
      shared: ['a0', 'a1'],
      executions: 2,
    },
  },
  {
    id: 'DD-04',
    title: 'a waiter that aborts rejects alone, with its reason',
    steps: [call('leader'), call('leaver'), call('stayer'), abort('leaver'), settled, succeed(0)],
    expected: {
      outcomes: { leader: 'value 0', leaver: 'leaver left', stayer: 'value 0' },
      shared: ['leader', 'stayer'],
      calledOff: [],
    },
  },
  {
    id: 'DD-05',
    title: 'a leader that aborts is one waiter like the others',
    steps: [call('leader'), call('stayer'), abort('leader'), settled, succeed(0)],
    expected: { outcomes: { leader: 'leader left', stayer: 'value 0' }, executions: 1, calledOff: [] },
  },
  {
    id: 'DD-06',
    title: 'the last one to leave frees the key and calls the flight off',
    steps: [calls(2), abort('a0'), abort('a1')],
    expected: { outcomes: { a0: 'a0 left', a1: 'a1 left' }, calledOff: [0], inFlight: 0 },
  },
  {
    id: 'DD-06',
    title: "the last one to leave lets the flight go on with abandon: 'continue', and it can be joined",
    options: { abandon: 'continue' },
    steps: [call('one'), abort('one'), settled, call('two'), succeed(0)],
    expected: { outcomes: { one: 'one left', two: 'value 0' }, executions: 1, calledOff: [], inFlight: 0 },
  },
  {
    id: 'DD-06',
    title: 'the last one to leave lets the flight linger, and who comes in time joins it',
    options: { abandon: { lingerMs: 50 } },
    steps: [call('one'), abort('one'), advance(49), call('two'), advance(1_000), succeed(0)],
    expected: { outcomes: { one: 'one left', two: 'value 0' }, executions: 1, calledOff: [] },
  },
  {
    id: 'DD-06',
    title: 'a flight that lingers for nobody is called off in the end',
    options: { abandon: { lingerMs: 50 } },
    steps: [call('one'), abort('one'), advance(50), call('two')],
    expected: { outcomes: { one: 'one left', two: 'waits' }, executions: 2, calledOff: [0], inFlight: 1 },
  },
  {
    id: 'DD-06',
    title: 'a flight lingers anew each time its last caller leaves',
    options: { abandon: { lingerMs: 50 } },
    steps: [
      [call('one'), abort('one'), advance(40)],
      [call('two'), abort('two'), advance(49)],
      [call('three'), succeed(0)],
    ],
    expected: { outcomes: { one: 'one left', two: 'two left', three: 'value 0' }, calledOff: [] },
  },
  {
    id: 'DD-06',
    title: 'a flight that nobody can find does not linger',
    options: { abandon: { lingerMs: 50 } },
    steps: [call('one'), forget(), abort('one')],
    expected: { calledOff: [0], inFlight: 0 },
  },
  {
    id: 'DD-07',
    title: 'a caller that comes after all have left gets a flight of its own, which the old one cannot end',
    steps: [call('one'), abort('one'), call('two'), fail(0), settled, succeed(1)],
    expected: { outcomes: { one: 'one left', two: 'value 1' }, executions: 2, calledOff: [0] },
  },
  {
    id: 'DD-08',
    title: 'a caller that comes after one of several has left joins the others',
    steps: [call('one'), call('two'), abort('one'), call('three'), succeed(0)],
    expected: { outcomes: { one: 'one left', two: 'value 0', three: 'value 0' }, executions: 1 },
  },
  {
    id: 'DD-09',
    title: 'a flight lasts as long as the caller that waits longest, and each ends at its own deadline',
    steps: [call('short', 'a', 10), call('long', 'a', 100), advance(99), succeed(0)],
    expected: {
      outcomes: { short: 'dedupe passed the deadline of the call', long: 'value 0' },
      calledOff: [],
    },
  },
  {
    id: 'DD-09',
    title: 'a caller that joins later extends it',
    steps: [call('one', 'a', 10), advance(9), call('two', 'a', 10), advance(9), succeed(0)],
    expected: { outcomes: { one: 'dedupe passed the deadline of the call', two: 'value 0' }, executions: 1 },
  },
  {
    id: 'DD-09',
    title: 'the last deadline calls the flight off',
    steps: [call('one', 'a', 10), call('two', 'a', 20), advance(20)],
    expected: { executions: 1, calledOff: [0], inFlight: 0 },
  },
  {
    id: 'DD-10',
    title: 'a flight that was forgotten does not take the key from its successor',
    steps: [call('old'), forget(), call('new'), succeed(0), settled, call('newer'), succeed(1)],
    expected: { outcomes: { old: 'value 0', new: 'value 1', newer: 'value 1' }, executions: 2, inFlight: 0 },
  },
  {
    id: 'DD-10',
    title: 'neither does one that grew too old, nor one that is called off late',
    options: { maxAgeMs: 100 },
    steps: [call('old'), advance(100), call('new'), abort('old'), settled, call('newer'), succeed(1)],
    expected: {
      outcomes: { old: 'old left', new: 'value 1', newer: 'value 1' },
      executions: 2,
      calledOff: [0],
    },
  },
  {
    id: 'DD-10',
    title: 'age counts from the start, up to the millisecond before',
    options: { maxAgeMs: 100 },
    steps: [call('one'), advance(99), call('two'), advance(1), call('three')],
    expected: { executions: 2 },
  },
  {
    id: 'DD-13',
    title: 'nothing is left once everything has ended',
    options: { abandon: { lingerMs: 10 }, maxAgeMs: 50, maxWaiters: 2, maxFlights: 3 },
    steps: [
      [...calls(3, 'a'), ...calls(2, 'b'), ...calls(1, 'c'), ...calls(1, 'd')],
      [abort('b0'), abort('b1'), forget('c'), advance(60), call('late', 'a')],
      [succeed(0), succeed(1), fail(2), succeed(3), fail(4), succeed(5), fail(6), advance(100)],
    ],
    expected: { executions: 6, inFlight: 0 },
  },
  {
    id: 'DD-15',
    title: 'the failure of a flight that was called off reaches nobody',
    steps: [call('one'), abort('one'), fail(0)],
    expected: { outcomes: { one: 'one left' }, inFlight: 0 },
  },
  {
    id: 'DD-15',
    title: 'nor does that of one that goes on without callers',
    options: { abandon: 'continue' },
    steps: [call('one'), abort('one'), fail(0)],
    expected: { outcomes: { one: 'one left' }, inFlight: 0, calledOff: [] },
  },
];

describe('Dedupe, rows of the design', () => {
  it.each(rows.map((row) => [row.id, row.title, row] as const))(
    '%s: %s',
    async (_id, _title, { options = {}, steps, expected }) => {
      const history = new History(options);

      for (const step of steps.flat()) await step(history);
      await settled(history);

      expect(history.seen()).toMatchObject(expected);
      expect(history.clock.pending()).toBe(0);
    },
  );
});
