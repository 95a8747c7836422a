// What does it cost to join policies, before any of them does something?
import { compose, type Policy, wrap } from '@holdfast/core';
import { noop, wrap as wrapByCockatiel } from 'cockatiel';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question } from '../harness/question.ts';

/** The thinnest policy that keeps the contract: it hands its options on as context. */
const transparent: Policy = {
  execute: (operation, options) => bare.execute(operation, options),
};
const bare = compose();

export default question({
  answer: 1,
  cases: () => {
    const single = compose(transparent);
    const three = compose(transparent, transparent, transparent);
    const wrapped = wrap(bare, one);
    const noops = wrapByCockatiel(noop, noop, noop);
    return [
      baseline('bare call', () => one()),
      ours('compose() of nothing', () => bare.execute(one)),
      ours('wrap(compose(), fn)', () => wrapped()),
      ours('compose() of 1', () => single.execute(one)),
      ours('compose() of 3', () => three.execute(one)),
      peer('cockatiel', 'wrap of 3 noops', () => noops.execute(one)),
    ];
  },
});
