/**
 * Requests over HTTP: what express and fastify have in common.
 *
 * @module
 */
export type { Answer, HeaderValue } from './http/answer.ts';
export type { AnswerStore, Claim, ClaimRequest, Completion } from './http/answer-store.ts';
export { BodyNotReadError, HandlerSilentError } from './http/errors.ts';
export { byCredentials, type WithHeaders } from './http/identity.ts';
export type { Incoming } from './http/incoming.ts';
export { MemoryAnswerStore, type MemoryAnswerStoreOptions } from './http/memory-answer-store.ts';
export type { IdempotencyOptions, RequestDedupeOptions } from './http/options.ts';
export { RequestDedupe } from './http/request-dedupe.ts';
export type { RequestDedupeStatistics } from './http/statistics.ts';
export type { HandlerRun, Turn } from './http/turn.ts';
