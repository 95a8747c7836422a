import { bufferOf } from './bytes.ts';
import { type Codec, ownCodec } from './codec.ts';

/**
 * JSON, as `JSON.stringify` has it, losses included: a `Date` comes back as a string, `Map` and `Set` as `{}`, `NaN` as
 * `null`, and an object with `toJSON()` as what that gives. A `BigInt` or a cycle cannot be encoded. For tiers that others
 * read as JSON, and for values whose losses are wanted.
 */
export const jsonCodec: Codec = /* @__PURE__ */ ownCodec({
  id: 0,
  encode(value) {
    const json = JSON.stringify(value) as string | undefined;
    if (json === undefined) throw new TypeError(`JSON has no text for a value of type ${typeof value}`);
    return Buffer.from(json);
  },
  decode: (bytes) => JSON.parse(bufferOf(bytes).toString()),
});
