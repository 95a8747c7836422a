import { randomBytes } from 'node:crypto';

import { RefusedPayloadError } from './errors.ts';
import { type KeyRing, markBytes } from './keys.ts';
import { headerBytes, newPayload, type PayloadHeader } from './payload.ts';
import type { Protection } from './protection.ts';
import type { Binding } from './value-format.ts';
import { nonceBytes, tagBytes, type Xaes } from './xaes.ts';

const nonceAt = headerBytes + markBytes;
const tagAt = nonceAt + nonceBytes;
const bodyAt = tagAt + tagBytes;

/**
 * Payloads that cannot be read, changed, made up or moved to another key without one of the secrets. Their length shows,
 * and with it, if they are compressed, a little of what is in them.
 *
 * After the header: which key, 8 bytes; the nonce, 24 random bytes; the tag, 16 bytes; the encrypted body.
 */
export class Encryption implements Protection {
  readonly id = 2;
  readonly #keys: KeyRing<Xaes>;

  constructor(keys: KeyRing<Xaes>) {
    this.#keys = keys;
  }

  seal(header: PayloadHeader, body: Uint8Array, binding: Binding): Uint8Array {
    const { mark, secret } = this.#keys.first;
    const nonce = randomBytes(nonceBytes);
    const payload = newPayload(header, bodyAt + body.byteLength);
    payload.set(mark, headerBytes);
    const encrypted = secret.encrypt(nonce, body, authenticated(payload, binding));
    payload.set(nonce, nonceAt);
    payload.set(encrypted.tag, tagAt);
    payload.set(encrypted.body, bodyAt);
    return payload;
  }

  open(payload: Buffer, binding: Binding): Buffer {
    if (payload.byteLength < bodyAt)
      throw new RefusedPayloadError('damaged', 'is cut off before what is encrypted');
    const { secret } = this.#keys.find(payload.subarray(headerBytes, nonceAt));
    const encrypted = { tag: payload.subarray(tagAt, bodyAt), body: payload.subarray(bodyAt) };
    try {
      return secret.decrypt(payload.subarray(nonceAt, tagAt), encrypted, authenticated(payload, binding));
    } catch (error) {
      throw new RefusedPayloadError('forged', 'was changed, or belongs to another key', error);
    }
  }
}

/** What is authenticated along with the body. The first part always has the same length. */
function authenticated(payload: Buffer, binding: Binding): Buffer {
  return Buffer.concat([payload.subarray(0, nonceAt), binding()]);
}
