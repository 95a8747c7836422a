/** How an upstream behaves: well, answering 500, never answering, or answering late. */
const dialPositions = ['healthy', 'failing', 'hanging', 'slow'] as const;
export type DialPosition = (typeof dialPositions)[number];

export interface Dial {
  readonly position: DialPosition;
  /** How much longer an answer takes at `slow`, in milliseconds. */
  readonly slowByMs: number;
}

/** The dial that a request body asks for; what it leaves out stays. `undefined` if it asks for nothing that exists. */
export function turned(dial: Dial, request: unknown): Dial | undefined {
  if (typeof request !== 'object' || request === null) return undefined;
  const { position = dial.position, slowByMs = dial.slowByMs } = request as Partial<
    Record<keyof Dial, unknown>
  >;
  if (!dialPositions.includes(position as DialPosition)) return undefined;
  if (!Number.isFinite(slowByMs) || (slowByMs as number) < 0) return undefined;
  return { position: position as DialPosition, slowByMs: slowByMs as number };
}
