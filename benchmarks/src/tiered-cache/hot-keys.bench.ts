// What does it cost to record one read, with 10,000 keys read by Zipf's law?
import { HitRatioCurve, HotKeys, type ReadRecorder, recordTo } from '@holdfast/tiered-cache/insight';

import { baseline, ours, question, reference } from '../harness/question.ts';
import { walk } from '../harness/walk.ts';
import { zipfKeys } from '../harness/zipf.ts';

const entries = 10_000;

export default question({
  answer: 1,
  cases: () => {
    const keys = zipfKeys(entries, 2 ** 16);
    const map = new Map(Array.from({ length: entries }, (_, index) => [`user:${index}`, 1]));
    const next = walk(keys);

    /** As after a while in use: what has to make room is there. */
    const used = <Recorder extends ReadRecorder>(recorder: Recorder): Recorder => {
      for (let time = 0; time < 4; time += 1) for (const key of keys) recorder.record(key);
      return recorder;
    };
    const sampling = used(new HotKeys());
    const counting = used(new HotKeys({ sampleRatio: 1 }));
    const curve = used(new HitRatioCurve({ entries }));
    const both = used(recordTo(new HotKeys(), new HitRatioCurve({ entries })));
    // A function of its own for each, as a cache has one recorder: a shared one would not know whom it calls.
    return [
      baseline('Map.get', () => map.get(next())),
      reference('nothing but the walk through the keys', () => (next(), 1)),
      ours('HotKeys, 1 read in 64', () => (sampling.record(next()), 1), { atMost: 0.5 }),
      ours('HotKeys, every read', () => (counting.record(next()), 1)),
      ours('HitRatioCurve', () => (curve.record(next()), 1), { atMost: 2 }),
      ours('both', () => (both.record(next()), 1)),
    ];
  },
});
