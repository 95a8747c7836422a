// What does one observation cost, with 11 buckets?
import { Metrics } from '@holdfast/metrics';
import { Histogram, Registry } from 'prom-client';

import { baseline, ours, peer, question } from '../harness/question.ts';
import { randomOf } from '../harness/zipf.ts';

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const mask = 2 ** 12 - 1;

/** Durations in seconds, most of them short, each source walking the same ones. */
function durations(): () => number {
  const random = randomOf(7);
  const values = Float64Array.from({ length: mask + 1 }, () => random() ** 4 * 12);
  let position = 0;
  return () => values[(position = (position + 1) & mask)] ?? 0;
}

export default question({
  answer: undefined,
  cases: () => {
    const options = { name: 'duration_seconds', help: 'Duration', buckets };
    const ourHistogram = new Metrics().histogram(options.name, options);
    const theirHistogram = new Histogram({ ...options, registers: [new Registry()] });
    const [first, second, third] = [durations(), durations(), durations()];
    return [
      baseline('scan of the buckets by hand', scan(first)),
      ours('Histogram', () => ourHistogram.observe(second())),
      peer('prom-client', '', () => theirHistogram.observe(third())),
    ];
  },
});

function scan(next: () => number): () => void {
  const bounds = Float64Array.from(buckets);
  const counts = new Float64Array(bounds.length + 1);
  let sum = 0;
  return () => {
    const value = next();
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    counts[bucket]! += 1;
    sum += value;
  };
}
