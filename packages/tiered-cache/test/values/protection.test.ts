import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { resolveValueFormat, type ValueOptions } from '../../src/values/options.ts';
import { binding } from './binding.ts';

const old = { id: '2026-01', secret: randomBytes(32) };
const current = { id: '2026-07', secret: randomBytes(32).toString('base64') };

const encode = (options: ValueOptions, value: unknown, key = 'k'): Buffer =>
  Buffer.from(resolveValueFormat(options).encode(value, binding(key)) as Uint8Array);
const decode = (options: ValueOptions, payload: Uint8Array, key = 'k'): unknown =>
  resolveValueFormat(options).decode(payload, binding(key));

describe.each(['encryption', 'integrity'] as const)('%s', (option) => {
  const by = (...keys: (typeof old | typeof current)[]): ValueOptions => ({ [option]: { keys } });

  it('gives back what was written under the same key of the cache', () => {
    expect(decode(by(current), encode(by(current), { role: 'admin' }))).toEqual({ role: 'admin' });
  });

  it('refuses an entry that was copied from another key', () => {
    const payload = encode(by(current), { role: 'admin' }, 'user:1');

    expect(() => decode(by(current), payload, 'user:2')).toThrow('was changed, or belongs to another key');
  });

  it('refuses an entry of the right key that was made with another secret under the same id', () => {
    const impostor = { id: current.id, secret: randomBytes(32) };

    expect(() => decode(by(current), encode(by(impostor), 1))).toThrow(
      'was changed, or belongs to another key',
    );
  });

  it('writes by the first key and reads by all, so that keys can be changed under way', () => {
    const before = encode(by(old), 'before');
    const appended = encode(by(old, current), 'appended');
    const moved = encode(by(current, old), 'moved');

    expect([before, appended, moved].map((payload) => decode(by(current, old), payload))).toEqual([
      'before',
      'appended',
      'moved',
    ]);
    expect(decode(by(old), appended)).toBe('appended');
    expect(() => decode(by(old), moved)).toThrow('is protected by a key that is not known here');
    expect(() => decode(by(current), before)).toThrow('is protected by a key that is not known here');
  });

  it('refuses entries that are not protected, and those of the other protection', () => {
    const other = option === 'encryption' ? 'integrity' : 'encryption';
    const payloads = [encode({}, 1), encode({ [other]: { keys: [current] } }, 1)];

    for (const payload of payloads)
      expect(() => decode(by(current), payload)).toThrow('is not protected in the way that is demanded here');
  });

  it('is refused by processes that do not have it', () => {
    expect(() => decode({}, encode(by(current), 1))).toThrow(
      'is not protected in the way that is demanded here',
    );
  });

  it('covers what is compressed, at once or off the calling thread', async () => {
    for (const offThreadBytes of [1, 1_000_000]) {
      const options = { ...by(current), compression: { algorithm: 'zstd', offThreadBytes } } as const;
      const format = resolveValueFormat(options);
      const payload = await format.encode('a'.repeat(5_000), binding('k'));

      expect(payload.byteLength).toBeLessThan(200);
      expect(await format.decode(payload, binding('k'))).toBe('a'.repeat(5_000));
      expect(() => format.decode(payload, binding('other'))).toThrow('was changed');
    }
  });

  it('checks the protection before it looks at anything else that the payload says of itself', () => {
    const payload = encode(by(current), 'a'.repeat(100));
    for (const [at, byte] of [
      [1, 99],
      [2, 3],
      [4, 7],
      [8, 0xff],
    ] as const) {
      const changed = Buffer.from(payload);
      changed[at] = byte;
      expect(() => decode(by(current), changed)).toThrow('was changed, or belongs to another key');
    }
  });

  it('tells what is cut off from what was forged', () => {
    const payload = encode(by(current), '');

    expect(() => decode(by(current), payload.subarray(0, 35))).toThrow('is cut off');
  });

  it('takes a secret as bytes, as base64 and as base64 for URLs', () => {
    const secret = Buffer.alloc(32, 0xfb);
    const texts = [secret.toString('base64'), secret.toString('base64url')];
    const payload = encode(by({ id: 'a', secret }), 'text');

    for (const text of texts) expect(decode(by({ id: 'a', secret: text }), payload)).toBe('text');
  });
});

describe('encryption', () => {
  const options = { encryption: { keys: [current] } };

  it('shows nothing of the value, and never the same bytes twice', () => {
    const one = encode(options, 'confidential');
    const other = encode(options, 'confidential');

    expect(one.includes('confidential')).toBe(false);
    expect(one.subarray(20).equals(other.subarray(20))).toBe(false);
  });
});

describe('integrity', () => {
  it('tells the end of the binding from the beginning of the value', () => {
    const format = resolveValueFormat({
      integrity: { keys: [current] },
      codec: { id: 16, encode: (value) => Buffer.from(String(value)), decode: String },
    });
    const payload = format.encode('bc', () => Buffer.from('a')) as Buffer;
    const shifted = Buffer.concat([payload.subarray(0, -2), Buffer.from('c')]);

    expect(() => format.decode(shifted, () => Buffer.from('ab'))).toThrow(
      'was changed, or belongs to another key',
    );
  });

  it('leaves the value readable for everybody', () => {
    expect(encode({ integrity: { keys: [current] } }, 'public').includes('public')).toBe(true);
  });
});
