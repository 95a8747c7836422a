import { ruleOf } from '../../support/rules.ts';

export const processes = 8;
export const leaseTtlMs = 200;

/** What all share: one limit that is counted in cells, one that is smooth. */
export const leased = [
  ruleOf({ name: 'cells', scope: 'global', limit: 300, windowMs: 1_000, index: 0 }),
  ruleOf({
    name: 'smooth',
    scope: 'global',
    mode: 'smooth',
    limit: 200,
    windowMs: 1_000,
    burst: 150,
    index: 1,
  }),
];
