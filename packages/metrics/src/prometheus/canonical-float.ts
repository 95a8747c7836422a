/**
 * A number as Prometheus itself writes the bound of a bucket: `1.0`, `0.005`, `2.097152e+06`, `+Inf`. Prometheus 3
 * turns other spellings into this one and Prometheus 2 keeps them, so that with it one query fits both.
 *
 * @see Go's strconv.FormatFloat(value, 'g', -1, 64); Prometheus' docs/migration.md, "le and quantile label values"
 */
export function canonicalFloat(value: number): string {
  if (!Number.isFinite(value)) return plainFloat(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 6)) {
    const decimal = String(value);
    return decimal.includes('.') ? decimal : `${decimal}.0`;
  }
  const sign = power < 0 ? '-' : '+';
  return `${digits}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** A number as the text format takes it. */
export function plainFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
