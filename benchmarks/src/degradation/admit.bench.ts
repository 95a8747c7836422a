// What does it cost to ask, per call, whether the call may come in and whether a feature is on? Allowed are 60 and 30 ns, here 16 and 8 looks into a Map.
import { ManualClock } from '@holdfast/core/testing';
import { Degradation } from '@holdfast/degradation';

import { baseline, ours, question, reference } from '../harness/question.ts';

const users = Array.from({ length: 1_024 }, (_, index) => `user-${index}`);

/** A service at that load, its smoothing and dwell times over. */
function at(load: number): Degradation<'suggestions'> {
  const clock = new ManualClock();
  const degradation = new Degradation({
    clock,
    signals: [{ name: 'queue', kind: 'queueing', read: () => load }],
    features: [{ name: 'suggestions' }],
  });
  degradation.start();
  clock.advanceSync(30_000);
  return degradation;
}

/** What a shedder does that knows only yes and no: it compares its measurements with its limits. */
function comparison(): () => boolean {
  const now = { delayMs: 3, heapBytes: 5e7, rssBytes: 1e8, utilization: 0.4 };
  const most = { delayMs: 100, heapBytes: 1e9, rssBytes: 2e9, utilization: 0.98 };
  return () =>
    now.delayMs <= most.delayMs &&
    now.heapBytes <= most.heapBytes &&
    now.rssBytes <= most.rssBytes &&
    now.utilization <= most.utilization;
}

export default question({
  answer: true,
  cases: () => {
    const flags = new Map([['suggestions', true]]);
    const [calm, busy] = [at(0), at(0.9)];
    const { refusedRatio } = busy.admit('normal', 'user-0');
    if (refusedRatio < 0.4 || refusedRatio > 0.6) throw new Error(`${refusedRatio} of the calls are refused`);
    const isWithin = comparison();
    let turn = 0;
    const next = (): string => users[(turn += 1) & 1_023] ?? '';
    return [
      baseline('a flag in a Map', () => flags.get('suggestions')),
      reference('four numbers against their limits', isWithin),
      reference('the next of 1,024 users', () => next() !== ''),
      ours('isEnabled, calm', () => calm.isEnabled('suggestions'), { atMost: 8 }),
      ours('isEnabled for the next user, calm', () => calm.isEnabled('suggestions', next()), { atMost: 8 }),
      ours('admit, calm', () => calm.admit('normal').admitted, { atMost: 16 }),
      ours('admit for the next user, calm', () => calm.admit('normal', next()).admitted, { atMost: 16 }),
      ours(
        'admit for the next user, half of them refused',
        () => busy.admit('normal', next()).level !== 'critical',
      ),
    ];
  },
});
