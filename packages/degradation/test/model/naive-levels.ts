import type { Level } from '@holdfast/degradation';

/** The default levels, judged anew from the whole history of scores, one each 250 ms. */
export function naiveLevels(scores: readonly number[]): Level[] {
  const levels: Level[] = [];
  let level: Level = 'normal';
  let samplesInLevel = 0;
  for (let i = 0; i < scores.length; i += 1) {
    const last = (count: number, holds: (score: number) => boolean): boolean =>
      i + 1 >= count && scores.slice(i + 1 - count, i + 1).every(holds);
    const dwelt = samplesInLevel >= 40;
    let next: Level = level;
    if (last(2, (score) => score >= 0.95)) next = 'critical';
    else if (level === 'normal' && last(4, (score) => score >= 0.8)) next = 'reduced';
    else if (level === 'critical' && dwelt && last(20, (score) => score < 0.85)) next = 'reduced';
    else if (level === 'reduced' && dwelt && last(20, (score) => score < 0.7)) next = 'normal';
    samplesInLevel = next === level ? samplesInLevel + 1 : 1;
    level = next;
    levels.push(level);
  }
  return levels;
}
