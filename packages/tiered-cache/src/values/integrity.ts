import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

import { RefusedPayloadError } from './errors.ts';
import { type KeyRing, markBytes, type RingKey } from './keys.ts';
import { headerBytes, newPayload, type PayloadHeader } from './payload.ts';
import type { Protection } from './protection.ts';
import type { Binding } from './value-format.ts';

/** 128 bits of the 256, as RFC 2104, section 5, allows. */
const tagBytes = 16;

const tagAt = headerBytes + markBytes;
const bodyAt = tagAt + tagBytes;

/**
 * Payloads that cannot be changed, made up or moved to another key without one of the secrets, and can be read by anybody.
 * After the header: which key, 8 bytes; the tag, 16 bytes; the body.
 *
 * @see RFC 2104: HMAC, Keyed-Hashing for Message Authentication
 */
export class Integrity implements Protection {
  readonly id = 1;
  readonly #keys: KeyRing<KeyObject>;

  constructor(keys: KeyRing<KeyObject>) {
    this.#keys = keys;
  }

  seal(header: PayloadHeader, body: Uint8Array, binding: Binding): Uint8Array {
    const { first } = this.#keys;
    const payload = newPayload(header, bodyAt + body.byteLength);
    payload.set(first.mark, headerBytes);
    payload.set(body, bodyAt);
    payload.set(tagOf(payload, first, binding), tagAt);
    return payload;
  }

  open(payload: Buffer, binding: Binding): Buffer {
    if (payload.byteLength < bodyAt) throw new RefusedPayloadError('damaged', 'is cut off in its tag');
    const key = this.#keys.find(payload.subarray(headerBytes, tagAt));
    if (timingSafeEqual(tagOf(payload, key, binding), payload.subarray(tagAt, bodyAt)))
      return payload.subarray(bodyAt);
    throw new RefusedPayloadError('forged', 'was changed, or belongs to another key');
  }
}

/** Over all of the payload but the tag, and over the binding, whose length keeps it apart from the body. */
function tagOf(payload: Buffer, { secret }: RingKey<KeyObject>, binding: Binding): Buffer {
  const bound = binding();
  const boundBytes = Buffer.allocUnsafe(4);
  boundBytes.writeUInt32BE(bound.byteLength, 0);
  const hmac = createHmac('sha256', secret)
    .update(payload.subarray(0, tagAt))
    .update(boundBytes)
    .update(bound);
  return hmac.update(payload.subarray(bodyAt)).digest().subarray(0, tagBytes);
}
