import { createHmac } from 'node:crypto';
import { InvalidOptionError } from '@holdfast/core';

/** 128 bits: of 2⁴⁸ subjects, two are the same with a chance of less than one in a billion. */
const digestBytes = 16;
const shortestSecret = 16;

/**
 * Stands for a subject in a store, so that whoever reads the store learns no address of anybody: the first 128 bits of
 * HMAC-SHA-256 (RFC 2104), as 22 characters of base64url. A plain hash would not do: all IPv4 addresses are tried in
 * minutes.
 *
 * @param secret - at least 16 characters, the same in all processes that share a store.
 * @throws {InvalidOptionError} on a shorter secret.
 */
export function hashSubject(subject: string, secret: string): string {
  return keyedDigest(subject, checkSecret('secret', secret), digestBytes).toString('base64url');
}

/** The message of the error does not tell the secret. */
export function checkSecret(option: string, secret: string): string {
  if (typeof secret === 'string' && secret.length >= shortestSecret) return secret;
  const got = typeof secret === 'string' ? `${secret.length} characters` : typeof secret;
  throw new InvalidOptionError(option, `a string of at least ${shortestSecret} characters`, got);
}

export function keyedDigest(value: string, secret: string, bytes: number): Buffer {
  return createHmac('sha256', secret).update(value).digest().subarray(0, bytes);
}
