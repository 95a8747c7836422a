import type { RuleGroup, Verdict } from '../store.ts';
import { Account } from './account.ts';
import type { OpenRow } from './open-row.ts';

/** The limits of each group, in order. */
export function accountsIn(
  rows: readonly OpenRow[],
  groups: readonly RuleGroup[],
  factor: number = 1,
): Account[] {
  return rows.flatMap(({ record, now }, g) =>
    (groups[g] as RuleGroup).rules.map((rule) => new Account(record, rule, now, factor)),
  );
}

/** Decides over all limits of the subjects' rows, and saves the rows that a charge has changed. */
export function decide(
  rows: readonly OpenRow[],
  groups: readonly RuleGroup[],
  cost: number,
  factor: number,
  now: number,
): Verdict {
  const accounts = accountsIn(rows, groups, factor);
  const hadRoom = accounts.map((account) => account.hasRoom(cost));
  const blockedMs = Math.max(0, ...rows.map(({ record }) => record.blockedUntil - now));
  const allowed = blockedMs === 0 && accounts.every(({ rule }, i) => rule.shadow || hadRoom[i] === true);
  const charged = accounts.filter(
    ({ rule }, i) => cost > 0 && hadRoom[i] === true && (allowed || rule.countsAttempts),
  );
  for (const account of charged) account.charge(cost);
  const mustSave = charged.length > 0 || (cost > 0 && rows.some(({ record }) => record.isMoved));
  if (mustSave) for (const row of rows) row.save();
  return {
    source: 'sqlite',
    readings: accounts.flatMap((account, i) => account.readings(cost, hadRoom[i] === true)),
    blockedMs,
    chargedAt: allowed && cost > 0 ? now : undefined,
  };
}
