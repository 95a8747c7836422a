import type { Distribution, Family, Labels } from '../family.ts';
import { canonicalFloat } from './canonical-float.ts';

/** How a Prometheus client joins the values of several worker processes. */
type Aggregator = 'sum' | 'average' | 'max';

interface Value {
  readonly value: number;
  /** Labels of this line alone. */
  readonly labels: Labels;
  /** Labels that the client renders once per object and keeps: the same object each time for the same series. */
  readonly sharedLabels?: Labels | undefined;
  readonly metricName?: string | undefined;
}

/** Puts the labels of a series, and those of one of its lines, where the client looks for them. */
type Place = (value: number, series: Labels, line: Labels, metricName?: string) => Value;

const joined: Place = (value, series, line, metricName) => ({
  value,
  labels: { ...series, ...line },
  metricName,
});

const shared: Place = (value, series, line, metricName) => ({
  value,
  labels: line,
  sharedLabels: series,
  metricName,
});

interface Pulled {
  readonly name: string;
  readonly help: string;
  readonly type: Family['type'];
  readonly aggregator: Aggregator;
  readonly values: readonly Value[];
}

/**
 * A family in the shape in which prom-client 15 and its successor hold a metric of their own. They ask it at each
 * scrape, and it asks the family.
 */
export class PulledMetric {
  /** Not readonly: to write OpenMetrics the client cuts `_total` off and puts it back on itself. */
  name: string;
  readonly help: string;
  readonly type: Family['type'];
  readonly aggregator: Aggregator;
  readonly #family: Family;
  /** The label of each bucket; the same objects each time, because the client keeps what it made of them. */
  readonly #buckets: readonly Labels[];
  /** The names of a histogram's lines. */
  readonly #lines: { readonly bucket: string; readonly sums: string; readonly counts: string };

  constructor(family: Family) {
    this.name = family.name;
    this.help = family.help;
    this.type = family.type;
    this.aggregator = aggregatorOf(family.name);
    this.#family = family;
    const bounds = family.type === 'histogram' ? [...family.bounds, Infinity] : [];
    this.#lines = {
      bucket: `${family.name}_bucket`,
      sums: `${family.name}_sum`,
      counts: `${family.name}_count`,
    };
    this.#buckets = bounds.map((bound) => ({ le: canonicalFloat(bound) }));
  }

  /** For JSON and for gathering from several processes. */
  async get(): Promise<Pulled> {
    return this.#pulled(joined);
  }

  /** For text. */
  async getForPromString(): Promise<Pulled> {
    return this.#pulled(shared);
  }

  /** Leaves everything as it is: the numbers are not the client's, and a counter that falls looks like a restart. */
  reset(): void {}

  #pulled(place: Place): Pulled {
    const { name, help, type, aggregator } = this;
    const family = this.#family;
    const values: Value[] = [];
    if (family.type === 'histogram') {
      for (const series of family.collect()) this.#addLines(values, series, place);
    } else for (const { labels, value } of family.collect()) values.push(place(value, labels, none));
    return { name, help, type, aggregator, values };
  }

  #addLines(values: Value[], { labels, cumulative, count, sum }: Distribution, place: Place): void {
    const { bucket, sums, counts } = this.#lines;
    for (const [index, bound] of this.#buckets.entries()) {
      values.push(place(cumulative[index] ?? count, labels, bound, bucket));
    }
    values.push(place(sum, labels, none, sums), place(count, labels, none, counts));
  }
}

const none: Labels = Object.freeze({});

/** Shares of several processes are averaged and instants are not added up; everything else is. */
function aggregatorOf(name: string): Aggregator {
  if (name.endsWith('_ratio')) return 'average';
  return name.endsWith('_timestamp_seconds') ? 'max' : 'sum';
}
