import { randomOf, zipfRanks } from '../../harness/zipf.ts';

/** What is asked of a cache, in order. Each ask has a number, and time is that number. */
export interface Trace {
  readonly keys: Int32Array;
  /** How many different keys there are, at most: they are numbered from 0. */
  readonly distinct: number;
  /** 1 where a key is deleted and not read. None without it. */
  readonly deletions?: Uint8Array;
  /** When an entry dies that is written at an ask. Never without it. */
  readonly diesAt?: Float64Array;
  /** Bytes of each key's entry. 1 without it. */
  readonly bytes?: Int32Array;
}

/** How large a trace is. */
export interface Extent {
  /** Keys that are popular or not; other ones may come beside them. */
  readonly keys: number;
  readonly asks: number;
}

const alpha = 0.9;

/** Zipf's law: the n-th most popular key is asked for n^0.9 times less often than the first. */
export function zipf(seed: number, { keys, asks }: Extent, exponent: number = alpha): Trace {
  const rank = zipfRanks(keys, exponent, randomOf(seed));
  return { keys: Int32Array.from({ length: asks }, rank), distinct: keys };
}

/** Zipf's law, and after every 30 % of the keys' number of asks a scan of a fifth as many keys that never come again. */
export function scans(seed: number, { keys, asks }: Extent): Trace {
  const [popular, scanned] = [0.3 * keys, 0.2 * keys];
  const rank = zipfRanks(keys, alpha, randomOf(seed));
  let next = keys;
  const ask = (_: unknown, index: number): number =>
    index % (popular + scanned) < popular ? rank() : next++;
  return { keys: Int32Array.from({ length: asks }, ask), distinct: keys + asks };
}

/** Zipf's law, but after every twice the keys' number of asks the most popular 5 % become the least popular. */
export function drift(seed: number, { keys, asks }: Extent): Trace {
  const rank = zipfRanks(keys, alpha, randomOf(seed));
  const ask = (_: unknown, index: number): number =>
    (rank() + Math.floor(index / (2 * keys)) * 0.05 * keys) % keys;
  return { keys: Int32Array.from({ length: asks }, ask), distinct: keys };
}

/** 15 % of the keys, one after the other, again and again. */
export function loop(_seed: number, { keys, asks }: Extent): Trace {
  const length = 0.15 * keys;
  return { keys: Int32Array.from({ length: asks }, (_, index) => index % length), distinct: length };
}

/** Zipf's law with exponent 0.8, but each key that comes up is asked for four times within 2 % of the keys' number of asks. */
export function bursts(seed: number, { keys, asks }: Extent): Trace {
  const random = randomOf(seed);
  const rank = zipfRanks(keys, 0.8, random);
  const asked = new Int32Array(asks).fill(-1);
  const freeFrom = (start: number): number => {
    let place = start;
    while (place < asks && asked[place] !== -1) place += 1;
    return place;
  };
  for (let place = 0; place < asks; place = freeFrom(place)) {
    const key = rank();
    asked[place] = key;
    for (let again = 0; again < 3; again += 1)
      asked[freeFrom(place + 1 + Math.floor(random() * 0.02 * keys))] = key;
  }
  return { keys: asked, distinct: keys };
}

/** As many sessions as 9 % of the keys' number at once. Each has a key, asks for it ten times on average, and makes way for another. */
export function sessions(seed: number, { keys, asks }: Extent): Trace {
  const random = randomOf(seed);
  const open = Int32Array.from({ length: 0.09 * keys }, (_, index) => index);
  let next = open.length;
  const ask = (): number => {
    const session = Math.floor(random() * open.length);
    const key = open[session] ?? 0;
    if (random() < 0.1) open[session] = next++;
    return key;
  };
  return { keys: Int32Array.from({ length: asks }, ask), distinct: open.length + asks };
}

/** Zipf's law. One ask in twenty deletes; entries die after about as many asks as there are keys, and have 0.2 to 600 kB. */
export function mixed(seed: number, extent: Extent): Trace {
  const random = randomOf(seed + 1);
  const { keys, distinct } = zipf(seed, extent);
  return {
    keys,
    distinct,
    deletions: Uint8Array.from(keys, () => (random() < 0.05 ? 1 : 0)),
    diesAt: Float64Array.from(keys, (_, index) => index + extent.keys * (0.75 + random() / 2)),
    bytes: Int32Array.from({ length: distinct }, () => Math.round(200 * Math.exp(8 * random() * random()))),
  };
}
