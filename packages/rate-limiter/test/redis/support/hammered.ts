import { ruleOf } from './rules.ts';

/** One limit that is counted hit by hit, one in cells, one that is smooth. */
export const hammered = [
  ruleOf({ name: 'exact', limit: 30, windowMs: 300, index: 0 }),
  ruleOf({ name: 'cells', limit: 100, windowMs: 1_000, index: 1 }),
  ruleOf({ name: 'smooth', mode: 'smooth', limit: 80, windowMs: 1_000, burst: 40, index: 2 }),
];
