import type { FastifyRequest } from 'fastify';
import { plainProblem, ProblemError } from './problem.ts';

/** The entity tag of an item at a version: strong, because a version is one exact content. */
export const versionTag = (version: number): string => `"v${version}"`;

/** Whether the client already has this version. */
export function hasVersion({ headers }: FastifyRequest, version: number): boolean {
  const tags = headers['if-none-match']?.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags !== undefined && (tags.includes('*') || tags.includes(versionTag(version)));
}

/**
 * The version that the writer saw, from `If-Match`; `undefined` without that header.
 *
 * @throws A problem 400 unless it is the tag of one version.
 */
export function seenVersion({ headers }: FastifyRequest): number | undefined {
  const tag = headers['if-match'];
  if (tag === undefined) return undefined;
  const version = /^"v(\d{1,9})"$/.exec(tag)?.[1];
  if (version === undefined)
    throw new ProblemError(plainProblem(400, 'If-Match must be one entity tag like "v1"'));
  return Number(version);
}

/** @throws A problem 428 without `If-Match`: a blind write could undo somebody else's. */
export function requiredVersion(request: FastifyRequest): number {
  const version = seenVersion(request);
  if (version === undefined)
    throw new ProblemError(plainProblem(428, 'If-Match must say which version is changed'));
  return version;
}
