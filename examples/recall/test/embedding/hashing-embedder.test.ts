import { describe, expect, it } from 'vitest';

import { cosine } from '../../src/embedding/embedder.ts';
import { HashingEmbedder } from '../../src/embedding/hashing-embedder.ts';
import { TermWeights } from '../../src/embedding/term-weights.ts';
import { theCorpus } from '../support/fixtures.ts';

describe('TermWeights', () => {
  it('weighs a word by in how few texts it is', () => {
    const weights = TermWeights.of(['the fox', 'the the hen', 'the end']);

    expect(weights.weight('the')).toBeCloseTo(Math.log(2));
    expect(weights.weight('fox')).toBeCloseTo(Math.log(4));
    expect(weights.weight('never seen')).toBeCloseTo(Math.log(4));
    expect(weights.size).toBe(4);
  });
});

describe('HashingEmbedder', () => {
  it('makes vectors of length 1, the same for the same text, zeros for no words', async () => {
    const { embedder } = theCorpus();

    const [once, again, none] = await embedder.embed(['Close the server', 'Close the server', '…']);

    expect(once).toEqual(again);
    expect(once && cosine(once, once)).toBeCloseTo(1, 5);
    expect(none?.every((value) => value === 0)).toBe(true);
    expect(once).toHaveLength(embedder.dimensions);
  });

  it('finds texts that share telling words more alike than texts that share common ones', () => {
    const { embedder } = theCorpus();
    const [query, telling, common] = [
      'set a serializerCompiler for the route',
      'the serializerCompiler is for this',
      'set a timeout for the route',
    ].map((text) => embedder.embedNow(text));

    expect(cosine(query ?? new Float32Array(), telling ?? new Float32Array())).toBeGreaterThan(
      cosine(query ?? new Float32Array(), common ?? new Float32Array()),
    );
  });

  it('spreads words over all of its dimensions and both signs evenly', () => {
    const embedder = new HashingEmbedder(TermWeights.of([]));
    const used = new Float32Array(512);
    let positive = 0;
    for (let index = 0; index < 20_000; index += 1) {
      const vector = embedder.embedNow(`word${index}`);
      const at = vector.findIndex((value) => value !== 0);
      used[at] = (used[at] ?? 0) + 1;
      if ((vector[at] ?? 0) > 0) positive += 1;
    }

    // 39 words to a dimension; five standard deviations of a fair spread are 31.
    expect(Math.max(...used)).toBeLessThan(72);
    expect(Math.min(...used)).toBeGreaterThan(8);
    expect(Math.abs(positive / 20_000 - 0.5)).toBeLessThan(0.02);
  });

  it('names its model by its weights, because other weights make another space', () => {
    const [one, same, other] = [['a b'], ['b a'], ['a c']].map(
      (texts) => new HashingEmbedder(TermWeights.of(texts)),
    );

    expect(one?.model).toBe(same?.model);
    expect(one?.model).not.toBe(other?.model);
  });

  it('rejects with the signal’s reason when it has aborted', async () => {
    await expect(
      theCorpus().embedder.embed(['x'], { signal: AbortSignal.abort(new Error('late')) }),
    ).rejects.toThrow('late');
  });
});
