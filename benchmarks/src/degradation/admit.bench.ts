// What does it cost to ask, per call, whether the call may come in and whether a feature is on?
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

export default question({
  answer: true,
  cases: () => {
    const flags = new Map([['suggestions', true]]);
    const [calm, busy] = [at(0), at(0.9)];
    const { refusedRatio } = busy.admit('normal', 'user-0');
    if (refusedRatio < 0.4 || refusedRatio > 0.6) throw new Error(`${refusedRatio} of the calls are refused`);
    let turn = 0;
    const next = (): string => users[(turn += 1) & 1_023] ?? '';
    return [
      baseline('a flag in a Map', () => flags.get('suggestions')),
      reference('the next of 1,024 users', () => next() !== ''),
      ours('isEnabled, calm', () => calm.isEnabled('suggestions', next())),
      ours('admit, calm', () => calm.admit('normal', next()).admitted),
      ours('admit, half of the calls refused', () => busy.admit('normal', next()).level !== 'critical'),
    ];
  },
});
