import { InvalidOptionError } from '@holdfast/core';

import { labelValue, overflowValue } from '../names.ts';
import type { SeriesPlace, Tally } from './tally.ts';

export type LabelValue = string | number | boolean;

/** How many more series there may be, over several metrics together. */
export interface SeriesBudget {
  remaining: number;
}

export interface LabelledDetails<Child, Label extends string> {
  readonly labels: readonly Label[];
  readonly maxSeries: number;
  readonly budget: SeriesBudget;
  readonly tally: Tally;
  readonly create: (place: SeriesPlace) => Child;
  /** Called for each label set that finds no room; `busiest` finds the label with most values. */
  readonly onOverflow: (busiest: () => string) => void;
}

/**
 * The series of one metric, told apart by labels.
 *
 * Invariants:
 * - the same label values always give the same child;
 * - there are at most `maxSeries` children and one more, whose labels all read `__overflow__`: whoever finds no room
 *   gets that one, so that totals stay right while memory stays bounded.
 */
export class Labelled<Child, Label extends string> {
  readonly #details: LabelledDetails<Child, Label>;
  readonly #children = new Map<string, Child>();
  readonly #overflowKey: string;
  #overflow: Child | undefined;

  constructor(details: LabelledDetails<Child, Label>) {
    this.#details = details;
    this.#overflowKey = details.labels.map(() => overflowValue + separator).join('');
  }

  /** Series there are, the overflow series included. */
  get size(): number {
    return this.#children.size + (this.#overflow === undefined ? 0 : 1);
  }

  /**
   * The series with these values, at 0 if it is new. Call it once and keep what it returns; finding a series costs
   * far more than using it. Values lose control characters and all past 128 characters.
   *
   * @throws {InvalidOptionError} if a label is missing, unknown or neither string, number nor boolean.
   */
  with(labels: Readonly<Record<Label, LabelValue>>): Child {
    const key = this.#keyOf(labels);
    return this.#children.get(key) ?? this.#admit(key);
  }

  /** Forgets a series, for instance the gauge of something that is gone; false if there was none. */
  remove(labels: Readonly<Record<Label, LabelValue>>): boolean {
    const removed = this.#children.delete(this.#keyOf(labels));
    if (removed) this.#details.budget.remaining += 1;
    return removed;
  }

  children(): readonly Child[] {
    const children = [...this.#children.values()];
    if (this.#overflow !== undefined) children.push(this.#overflow);
    return children;
  }

  #keyOf(labels: Readonly<Record<Label, LabelValue>>): string {
    const names = this.#details.labels;
    let given = 0;
    for (const _ in labels) given += 1;
    if (given > names.length) {
      const wanted = `exactly ${names.join(', ') || 'none'}`;
      throw new InvalidOptionError('labels', wanted, Object.keys(labels).join(', '));
    }
    let key = '';
    // What an object inherits is no plain value, so a missing label is never mistaken for one.
    for (const name of names) key += labelValue(name, labels[name]) + separator;
    return key;
  }

  #admit(key: string): Child {
    const { labels, maxSeries, budget, onOverflow } = this.#details;
    // A metric without labels has one series, whatever the others use up: there is nothing to fold it into.
    const room = this.#children.size < maxSeries && budget.remaining > 0;
    if (labels.length > 0 && (!room || key === this.#overflowKey)) {
      if (!room) onOverflow(() => this.#busiestLabel());
      return (this.#overflow ??= this.#create(key, 'overflow'));
    }
    const child = this.#create(key, 'ordinary');
    this.#children.set(key, child);
    budget.remaining -= 1;
    return child;
  }

  #create(key: string, kind: 'ordinary' | 'overflow'): Child {
    const overflow = kind === 'overflow';
    const values = (overflow ? this.#overflowKey : key).split(separator);
    const labels = Object.fromEntries(this.#details.labels.map((name, index) => [name, values[index] ?? '']));
    return this.#details.create({ labels, tally: this.#details.tally, overflow });
  }

  #busiestLabel(): string {
    const distinct = this.#details.labels.map(() => new Set<string>());
    for (const key of this.#children.keys()) {
      for (const [index, value] of key.split(separator).entries()) distinct[index]?.add(value);
    }
    const sizes = distinct.map((values) => values.size);
    return this.#details.labels[sizes.indexOf(Math.max(...sizes))] ?? '';
  }
}

/** Ends each value of a key. No value holds it, because control characters are taken out. */
const separator = '\u0000';
