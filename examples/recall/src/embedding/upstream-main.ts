/**
 * The upstream as a process of its own: `node --conditions=@holdfast/source upstream-main.ts`. Reads `PORT`,
 * `SERVICE_TIME_MS` and `CONCURRENCY`, and prints its address as one line of JSON once it listens.
 *
 * @module
 */
import { loadCorpus } from '../corpus/corpus.ts';
import { HashingEmbedder } from './hashing-embedder.ts';
import { TermWeights } from './term-weights.ts';
import { startUpstream } from './upstream-server.ts';

const { PORT, SERVICE_TIME_MS, CONCURRENCY } = process.env;
const given = (value: string | undefined): number | undefined =>
  value === undefined ? undefined : Number(value);

const { sections } = loadCorpus();
const upstream = await startUpstream({
  embedder: new HashingEmbedder(TermWeights.of(sections.map(({ title, body }) => `${title}\n${body}`))),
  port: given(PORT),
  serviceTimeMs: given(SERVICE_TIME_MS),
  concurrency: given(CONCURRENCY),
});
process.stdout.write(`${JSON.stringify({ url: upstream.url })}\n`);

const stop = (): void => void upstream[Symbol.asyncDispose]().then(() => process.exit(0));
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
