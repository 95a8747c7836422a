import { deserialize, serialize } from 'node:v8';

import { type Codec, ownCodec } from './codec.ts';

/**
 * The serialization of V8, from `node:v8`. Keeps more than `typedCodec`: cycles, shared references, boxed primitives.
 * Instances of classes come back as plain objects; a `URL` too, and empty. Functions and symbols cannot be encoded.
 *
 * An older Node.js cannot read what a newer one wrote: while a fleet is upgraded, such entries are misses there.
 */
export const v8Codec: Codec = /* @__PURE__ */ ownCodec({
  id: 2,
  encode: (value) => serialize(value),
  // The buffers inside the value are views of what is read: of a copy, as the bytes belong to the tier.
  decode: (bytes) => deserialize(new Uint8Array(bytes)),
});
