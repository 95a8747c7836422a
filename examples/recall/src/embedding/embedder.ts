/** Turns texts into vectors whose cosine says how much they have in common. */
export interface Embedder {
  /** Names the space of the vectors. Those of different models are never compared. */
  readonly model: string;
  /** How many numbers a vector has. */
  readonly dimensions: number;
  /** One vector of length 1 for each text, in their order; a text without any content gives zeros. */
  embed(texts: readonly string[], options?: EmbedOptions): Promise<readonly Float32Array[]>;
}

export interface EmbedOptions {
  /** Ends the call, which then rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The cosine of two vectors of length 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

/** Scales the vector to length 1 in place; zeros stay zeros. */
export function normalise(vector: Float32Array): Float32Array {
  const length = Math.sqrt(cosine(vector, vector));
  if (length > 0)
    for (let index = 0; index < vector.length; index += 1) vector[index] = (vector[index] ?? 0) / length;
  return vector;
}
