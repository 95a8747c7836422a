/** Numbers from 0 to under 1, the same ones for the same seed (Park and Miller, 1988). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16_807) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
