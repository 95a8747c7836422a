import { beginning, type Position } from '../coherence/position.ts';

/** Most keys or tags of one script and one entry of the log, so that none keeps the server from others for long. */
const maxNames = 100;

/** Does something with so many names at a time, all at once. */
export function inParts<T>(
  names: readonly string[],
  act: (part: string[]) => Promise<T>,
  size: number = maxNames,
): Promise<T[]> {
  const count = Math.ceil(names.length / size);
  return Promise.all(
    Array.from({ length: count }, (_, index) => act(names.slice(index * size, (index + 1) * size))),
  );
}

/** The last of the positions; `undefined` is none. */
export function last(positions: readonly (Position | undefined)[]): Position {
  return positions.reduce<Position>(
    (latest, next) => (next !== undefined && next > latest ? next : latest),
    beginning,
  );
}
