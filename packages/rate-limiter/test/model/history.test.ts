import { expect, it } from 'vitest';

import { type Observed, unexplained } from './history.ts';

const call = (beganAt: number, endedAt: number, outcome: Partial<Observed>): Observed => ({
  beganAt,
  endedAt,
  cost: 1,
  allowed: true,
  remaining: 0,
  ...outcome,
});

it('explains calls that overlap, in whatever order they took effect', () => {
  const history = [
    call(0, 10, { remaining: 0 }),
    call(1, 9, { remaining: 1 }),
    call(2, 3, { allowed: false, cost: 2 }),
  ];

  expect(unexplained(2, history)).toEqual([]);
});

it.each([
  ['two admissions of the same unit', [call(0, 1, { remaining: 1 }), call(2, 3, { remaining: 1 })]],
  [
    'an admission that took effect before it began',
    [call(0, 1, { remaining: 0 }), call(2, 3, { remaining: 1 })],
  ],
  ['a refusal while there was room', [call(0, 1, { allowed: false }), call(2, 3, { remaining: 1 })]],
])('does not explain %s', (_what, history) => {
  expect(unexplained(2, history)).not.toEqual([]);
});
