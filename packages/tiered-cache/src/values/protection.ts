import { headerBytes, newPayload, type PayloadHeader } from './payload.ts';
import type { Binding } from './value-format.ts';

/**
 * Guards payloads against what else may have access to a tier.
 *
 * `open` gives exactly what `seal` was given, for the same header and binding, or throws.
 */
export interface Protection {
  /** As it is written in the header: never given a second meaning. */
  readonly id: number;
  /** The whole payload, header first. */
  seal(header: PayloadHeader, body: Uint8Array, binding: Binding): Uint8Array;
  /** @throws {RefusedPayloadError} */
  open(payload: Buffer, binding: Binding): Buffer;
}

/** None at all: whoever can write to the tier decides what is read. */
export const unprotected: Protection = {
  id: 0,
  seal(header, body) {
    const payload = newPayload(header, headerBytes + body.byteLength);
    payload.set(body, headerBytes);
    return payload;
  },
  open: (payload) => payload.subarray(headerBytes),
};
