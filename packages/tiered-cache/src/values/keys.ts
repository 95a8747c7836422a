import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { InvalidOptionError, text } from '@holdfast/core';

import { RefusedPayloadError } from './errors.ts';

export interface SecretKey {
  /** Tells the keys apart: a hash of it is written with each entry. No secret. */
  readonly id: string;
  /** 32 random bytes, or these in base64, such as `openssl rand -base64 32` prints. */
  readonly secret: Uint8Array | string;
}

export interface KeyOptions {
  /**
   * The first one protects what is written, any of them opens what is read. To change keys, append the new one
   * everywhere, then move it to the front everywhere, and remove the old one when the entries under it are gone.
   */
  readonly keys: readonly SecretKey[];
}

/** A key in use, with what was made of its secret. */
export interface RingKey<Secret> {
  /** The first bytes of a hash of the key's id. */
  readonly mark: Buffer;
  readonly secret: Secret;
}

export const markBytes = 8;
const secretBytes = 32;

/** The keys of one option, of which the first protects and all open. */
export class KeyRing<Secret> {
  readonly first: RingKey<Secret>;
  readonly #byMark: ReadonlyMap<string, RingKey<Secret>>;

  constructor(first: RingKey<Secret>, others: readonly RingKey<Secret>[]) {
    this.first = first;
    this.#byMark = new Map([first, ...others].map((key) => [key.mark.toString('latin1'), key]));
  }

  /** @throws {RefusedPayloadError} If the payload was protected by a key that is not known here. */
  find(mark: Buffer): RingKey<Secret> {
    const key = this.#byMark.get(mark.toString('latin1'));
    if (key !== undefined) return key;
    throw new RefusedPayloadError('protection', 'is protected by a key that is not known here');
  }
}

/** @throws {InvalidOptionError} naming the first option out of range, and never showing a secret. */
export function resolveKeys<Secret>(
  option: string,
  options: KeyOptions,
  prepare: (secret: KeyObject) => Secret,
): KeyRing<Secret> {
  const given: unknown = (options as Partial<KeyOptions> | null)?.keys;
  if (!Array.isArray(given)) throw new InvalidOptionError(`${option}.keys`, 'an array of keys', given);
  const ids = new Set<unknown>();
  const [first, ...others] = given.map((key: unknown, index): RingKey<Secret> => {
    const { id, secret }: Partial<SecretKey> = Object(key);
    const name = `${option}.keys[${index}]`;
    const mark = createHash('sha256')
      .update(text(`${name}.id`, id))
      .digest()
      .subarray(0, markBytes);
    if (ids.size === ids.add(id).size)
      throw new InvalidOptionError(`${name}.id`, 'unlike the ids before it', id);
    return { mark, secret: prepare(createSecretKey(resolveSecret(`${name}.secret`, secret))) };
  });
  if (first !== undefined) return new KeyRing(first, others);
  throw new InvalidOptionError(`${option}.keys`, 'at least one key', given);
}

function resolveSecret(option: string, secret: unknown): Uint8Array {
  const bytes = typeof secret === 'string' ? fromBase64(secret) : secret;
  if (bytes instanceof Uint8Array && bytes.byteLength === secretBytes) return bytes;
  throw new InvalidOptionError(option, `${secretBytes} bytes, or these in base64`, withoutSecret(secret));
}

/** Strict, where `Buffer.from` passes over what is not base64. */
function fromBase64(secret: string): Uint8Array | undefined {
  return /^[\w+/-]{43}=?$/.test(secret) ? Buffer.from(secret, 'base64') : undefined;
}

/** What a message may say of a secret. */
function withoutSecret(secret: unknown): unknown {
  if (typeof secret === 'string') return `a text of ${secret.length} characters`;
  return secret instanceof Uint8Array ? `${secret.byteLength} bytes` : typeof secret;
}
