/** What tells one series of a metric from the others: label names and their values. */
export type Labels = Readonly<Record<string, string>>;

/** One number of one series. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** One series of a histogram. */
export interface Distribution {
  readonly labels: Labels;
  /** Observations at or below each of the family's bounds, in the same order; never falling. */
  readonly cumulative: readonly number[];
  /** All observations, those above the last bound included. */
  readonly count: number;
  readonly sum: number;
}

interface Described {
  readonly name: string;
  readonly help: string;
}

export interface CounterFamily extends Described {
  readonly type: 'counter';
  /** The series as they stand now. Never throws: what cannot be read is left out. */
  collect(): readonly Sample[];
}

export interface GaugeFamily extends Described {
  readonly type: 'gauge';
  /** The series as they stand now. Never throws: what cannot be read is left out. */
  collect(): readonly Sample[];
}

export interface HistogramFamily extends Described {
  readonly type: 'histogram';
  /** Upper bounds, rising and finite; the bucket above the last one is implied. */
  readonly bounds: readonly number[];
  /** The series as they stand now. Never throws. */
  collect(): readonly Distribution[];
}

/** All the series of one metric name. Holds no numbers itself: they are pulled when somebody looks. */
export type Family = CounterFamily | GaugeFamily | HistogramFamily;

/** Who wants to know each family, such as the registry of a Prometheus client. */
export interface FamilySink {
  /** @throws To refuse the family, for instance because its name is taken; it is then not registered at all. */
  added(family: Family): void;
  removed(family: Family): void;
}
