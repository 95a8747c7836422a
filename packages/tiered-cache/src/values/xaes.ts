import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

export const nonceBytes = 24;
export const tagBytes = 16;

/** What was encrypted under one nonce. */
export interface Encrypted {
  readonly body: Buffer;
  readonly tag: Buffer;
}

const blockBytes = 16;
/** How much of a nonce goes into the key of the message, and where in each block. The rest is the nonce of AES-GCM. */
const keyNonceBytes = 12;
const keyNonceAt = 4;

/**
 * AES-256-GCM under a key of its own for each message, which half of a nonce of 192 bits derives from the secret. AES-GCM
 * alone has nonces of 96 bits, and a secret may be used for no more than 2^32 of these if they are random: days, for a
 * busy fleet that writes to a cache. Here it may be used for 2^80.
 *
 * @see C2SP, XAES-256-GCM: an extended-nonce AEAD; NIST SP 800-38D, section 8.3, for the limit of AES-GCM
 */
export class Xaes {
  readonly #secret: KeyObject;
  /** The two blocks that the key of a message is made of, with no nonce in them yet. */
  readonly #template: Buffer;

  /** @param secret - 32 bytes. */
  constructor(secret: KeyObject) {
    this.#secret = secret;
    this.#template = keyTemplate(doubled(this.#encryptBlocks(Buffer.alloc(blockBytes))));
  }

  encrypt(nonce: Buffer, body: Uint8Array, authenticated: Uint8Array): Encrypted {
    const gcmNonce = nonce.subarray(keyNonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#messageKey(nonce), gcmNonce).setAAD(authenticated);
    const encrypted = cipher.update(body);
    cipher.final();
    return { body: encrypted, tag: cipher.getAuthTag() };
  }

  /** @throws If any of it is not as it was when it was encrypted. */
  decrypt(nonce: Buffer, { body, tag }: Encrypted, authenticated: Uint8Array): Buffer {
    const options = { authTagLength: tagBytes };
    const gcmNonce = nonce.subarray(keyNonceBytes);
    const decipher = createDecipheriv('aes-256-gcm', this.#messageKey(nonce), gcmNonce, options);
    const decrypted = decipher.setAuthTag(tag).setAAD(authenticated).update(body);
    decipher.final();
    return decrypted;
  }

  #messageKey(nonce: Buffer): Buffer {
    const blocks = Buffer.from(this.#template);
    for (let index = 0; index < keyNonceBytes; index += 1) {
      const byte = nonce[index] as number;
      blocks[keyNonceAt + index]! ^= byte;
      blocks[blockBytes + keyNonceAt + index]! ^= byte;
    }
    return this.#encryptBlocks(blocks);
  }

  #encryptBlocks(blocks: Buffer): Buffer {
    return createCipheriv('aes-256-ecb', this.#secret, null).setAutoPadding(false).update(blocks);
  }
}

/** Twice a block in the field of 2^128 elements: how CMAC makes its subkey, NIST SP 800-38B. */
function doubled(block: Buffer): Buffer {
  const twice = BigInt(`0x${block.toString('hex')}`) << 1n;
  const reduced = BigInt.asUintN(128, twice) ^ (twice >> 128n === 0n ? 0n : 0x87n);
  return Buffer.from(reduced.toString(16).padStart(2 * blockBytes, '0'), 'hex');
}

/** The blocks `0, counter, 'X', 0, nonce` of CMAC in counter mode, NIST SP 800-108, with zeros for the nonce. */
function keyTemplate(subkey: Buffer): Buffer {
  const blocks = Buffer.concat([subkey, subkey]);
  for (const [start, counter] of [
    [0, 1],
    [blockBytes, 2],
  ] as const) {
    blocks.writeUInt8(blocks.readUInt8(start + 1) ^ counter, start + 1);
    blocks.writeUInt8(blocks.readUInt8(start + 2) ^ 0x58, start + 2);
  }
  return blocks;
}
