import { atLeast, type Criticality, InvalidOptionError, object, oneOf, text } from '@holdfast/core';

/** Something that may be switched off to save load. */
export interface FeatureOptions<Name extends string = string> {
  readonly name: Name;

  /** The less critical go off first; `'critical'` never does. Defaults to `'normal'`. */
  readonly criticality?: Criticality | undefined;

  /** Score from which the feature goes off in level reduced; at least 0. Defaults to where that level begins. */
  readonly disableAt?: number | undefined;

  /** Place in the order of coming back, the lowest first. Defaults to the reverse of going off, after those with a place. */
  readonly restoreOrder?: number | undefined;

  /** Features without which this one makes no sense: it is off whenever one of them is. */
  readonly dependsOn?: readonly NoInfer<Name>[] | undefined;
}

export interface PlannedFeature {
  readonly name: string;
  readonly criticality: Criticality;
  readonly disableAt: number;
  readonly dependsOn: readonly string[];
}

export interface FeaturePlan {
  /** In the order of going off: least critical first, dependants before what they depend on. */
  readonly disableOrder: readonly PlannedFeature[];
  /** In the order of coming back. */
  readonly restoreOrder: readonly PlannedFeature[];
}

const ranks: readonly Criticality[] = ['sheddable', 'degradable', 'normal', 'critical'];

/** @throws {InvalidOptionError} on names that clash, are unknown or depend on each other in a circle. */
export function planFeatures(features: readonly FeatureOptions[], defaultDisableAt: number): FeaturePlan {
  if (!Array.isArray(features)) throw new InvalidOptionError('features', 'an array of features', features);
  const planned = new Map<string, PlannedFeature>();
  for (const [i, feature] of features.entries()) {
    const option = `features[${i}]`;
    const name = text(`${option}.name`, object(option, feature).name);
    if (planned.has(name)) throw new InvalidOptionError('features', 'of unique names', name);
    planned.set(name, {
      name,
      criticality: oneOf(`${option}.criticality`, feature.criticality ?? 'normal', ranks),
      disableAt: atLeast(`${option}.disableAt`, feature.disableAt ?? defaultDisableAt, 0),
      dependsOn: feature.dependsOn ?? [],
    });
  }
  for (const feature of planned.values()) checkDependencies(feature, planned);
  const disableOrder = orderOff([...planned.values()]);
  const places = new Map(features.map(({ name, restoreOrder }) => [name, placeOf(name, restoreOrder)]));
  const restoreOrder = disableOrder
    .toReversed()
    .toSorted((a, b) => compare(places.get(a.name) ?? Infinity, places.get(b.name) ?? Infinity));
  return { disableOrder, restoreOrder };
}

function placeOf(name: string, place: number | undefined): number {
  return place === undefined ? Infinity : atLeast(`features.${name}.restoreOrder`, place, 0);
}

function checkDependencies(feature: PlannedFeature, planned: ReadonlyMap<string, PlannedFeature>): void {
  for (const dependency of feature.dependsOn) {
    const found = planned.get(dependency);
    const option = `features.${feature.name}.dependsOn`;
    if (found === undefined) throw new InvalidOptionError(option, 'names of features', dependency);
    // Else a critical feature would go off with what it depends on.
    if (feature.criticality === 'critical' && found.criticality !== 'critical')
      throw new InvalidOptionError(option, 'critical itself', dependency);
    if (reaches(found, feature.name, planned, new Set()))
      throw new InvalidOptionError(option, 'free of circles', dependency);
  }
}

function reaches(
  from: PlannedFeature,
  name: string,
  planned: ReadonlyMap<string, PlannedFeature>,
  seen: Set<string>,
): boolean {
  if (from.name === name) return true;
  if (seen.has(from.name)) return false;
  seen.add(from.name);
  return from.dependsOn.some((each) => {
    const next = planned.get(each);
    return next !== undefined && reaches(next, name, planned, seen);
  });
}

/** Least critical first, else as declared; a feature that others depend on comes after all of them. */
function orderOff(features: readonly PlannedFeature[]): PlannedFeature[] {
  const waiting = features.toSorted((a, b) =>
    compare(ranks.indexOf(a.criticality), ranks.indexOf(b.criticality)),
  );
  const order: PlannedFeature[] = [];
  while (waiting.length > 0) {
    const free = waiting.findIndex(({ name }) => !waiting.some(({ dependsOn }) => dependsOn.includes(name)));
    order.push(...waiting.splice(Math.max(0, free), 1));
  }
  return order;
}

function compare(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
