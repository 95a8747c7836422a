import { startChild } from '@holdfast/test-support';
import { describe, expect, it } from 'vitest';

interface Report {
  readonly bytes: number;
  readonly trackedSubjects: number;
}

async function reportOf(maxSubjects: number, callsEach: number): Promise<Report> {
  const script = new URL('children/distinct-subjects.ts', import.meta.url);
  await using child = startChild(script, [`${maxSubjects}`, `${callsEach}`]);
  const [line = ''] = await child.ended();
  return JSON.parse(line) as Report;
}

/** What the code itself takes that runs for the first time, and the first chunks. */
const besides = 1_000_000;

describe('MemoryStore with a million different subjects under four limits', () => {
  it.each([1_000_000, 1_000])(
    '16.4 1 M distinct subjects: holds at most %i subjects that call once, and takes at most 200 bytes for each',
    async (maxSubjects) => {
      const { bytes, trackedSubjects } = await reportOf(maxSubjects, 1);

      expect(trackedSubjects).toBe(maxSubjects);
      expect(bytes).toBeLessThan(maxSubjects * 200 + besides);
    },
    120_000,
  );

  it('16.4 1 M distinct subjects: takes no more memory for the last thousand subjects than for the first, however often they call', async () => {
    const { bytes, trackedSubjects } = await reportOf(1_000, 3);

    expect(trackedSubjects).toBe(1_000);
    // Two of the limits keep three cells each; a log that stayed behind would add up to 100 MB.
    expect(bytes).toBeLessThan(1_000 * 1_000 + besides);
  }, 120_000);
});
