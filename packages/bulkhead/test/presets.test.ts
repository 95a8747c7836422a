import { presets } from '@holdfast/bulkhead';
import { describe, expect, it } from 'vitest';

import { play } from './script.ts';

describe('the presets of a Bulkhead', () => {
  it.each([
    ['database', 100, 500],
    ['external', 250, 1_000],
    ['compute', 1_000, 5_000],
  ] as const)(
    '%s: finds a wait of %d ms fine, and sheds after %d ms over it',
    async (name, fineMs, shedMs) => {
      const options = { ...presets[name], limit: 1 };

      expect(await play(options, `a b +${fineMs} c +${shedMs} d`)).toMatchObject({ queued: 3, ended: '' });
      expect(await play(options, `a b +${fineMs + 1} c +${shedMs - 1} d`)).toMatchObject({ queued: 3 });
      expect(await play(options, `a b +${fineMs + 1} c +${shedMs} d`)).toMatchObject({ ended: 'b:shed' });
    },
  );
});
