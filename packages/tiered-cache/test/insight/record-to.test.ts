import { type ReadRecorder, recordTo } from '@holdfast/tiered-cache/insight';
import { describe, expect, it } from 'vitest';

function list(name: string, calls: string[]): ReadRecorder {
  return { record: (key) => void calls.push(`${name} ${key}`) };
}

describe('recordTo', () => {
  it('tells all recorders of a read, in their order', () => {
    const calls: string[] = [];
    const [one, two, three] = ['one', 'two', 'three'].map((name) => list(name, calls));

    recordTo(one!, two!, three!).record('key');

    expect(calls).toEqual(['one key', 'two key', 'three key']);
  });

  it('is the recorder itself if there is only one', () => {
    const only = list('only', []);

    expect(recordTo(only)).toBe(only);
  });
});
