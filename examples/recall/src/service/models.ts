import { loadCorpus } from '../corpus/corpus.ts';
import type { Embedder } from '../embedding/embedder.ts';
import { HashingEmbedder } from '../embedding/hashing-embedder.ts';
import { HttpEmbedder } from '../embedding/http-embedder.ts';
import { TermWeights } from '../embedding/term-weights.ts';
import type { Config } from './config.ts';
import { GuardedEmbedder } from './guarded-embedder.ts';
import type { Policies } from './policies.ts';

/** What makes vectors. The remote one is there if it has an address, and behind other policies where nobody waits for it. */
export interface Models {
  readonly local: HashingEmbedder;
  readonly remote: Embedder | undefined;
  readonly remoteForJobs: Embedder | undefined;
}

export function openModels({ embedding }: Config, policies: Policies): Models {
  // How much a word tells is learnt from the documentation that is installed with the service.
  const { sections } = loadCorpus();
  const local = new HashingEmbedder(TermWeights.of(sections.map(({ title, body }) => `${title}\n${body}`)));
  const remote = embedding && new HttpEmbedder(embedding);
  return {
    local,
    remote: remote && new GuardedEmbedder(remote, policies.embedding.policy),
    remoteForJobs: remote && new GuardedEmbedder(remote, policies.embeddingJobs),
  };
}
