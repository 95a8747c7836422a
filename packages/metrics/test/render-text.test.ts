import { Metrics } from '@holdfast/metrics';
import { renderText } from '@holdfast/metrics/prometheus';
import { describe, expect, it } from 'vitest';

const help = 'Something that matters';

describe('renderText', () => {
  // As Go's strconv.FormatFloat(value, 'g', -1, 64) gives them, with .0 where neither . nor e is in it.
  it.each([
    [-2, '-2.0'],
    [0, '0.0'],
    [1e-300, '1e-300'],
    [0.00001, '1e-05'],
    [0.000025, '2.5e-05'],
    [0.0001, '0.0001'],
    [0.005, '0.005'],
    [1, '1.0'],
    [7.5, '7.5'],
    [10, '10.0'],
    [524_288, '524288.0'],
    [999_999, '999999.0'],
    [1_000_000, '1e+06'],
    [2_097_152, '2.097152e+06'],
    [1e21, '1e+21'],
  ])('writes the bound %d as %s', (bound, text) => {
    const metrics = new Metrics();
    metrics.histogram('size_bytes', { help, buckets: [bound] });

    expect(renderText(metrics)).toContain(
      `size_bytes_bucket{le="${text}"} 0\nsize_bytes_bucket{le="+Inf"} 0\n`,
    );
  });

  it.each([
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [1e-7, '1e-7'],
  ])('writes the value %d as %s', (value, text) => {
    const metrics = new Metrics();
    metrics.gauge('depth', { help }).set(value);

    expect(renderText(metrics)).toContain(`depth ${text}\n`);
  });

  it('leaves out metrics without series', () => {
    const metrics = new Metrics();
    metrics.counter('jobs_total', { help, labels: ['queue'] });

    expect(renderText(metrics)).not.toContain('# TYPE jobs_total');
  });
});
