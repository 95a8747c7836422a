import { ManualClock } from '@holdfast/core/testing';
import { type CopyMode, createCache, MemoryCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

interface Cart {
  items: string[];
}

const opened = (copies: CopyMode) => {
  const clock = new ManualClock();
  return createCache<Cart>({
    namespace: 'shop',
    ttlMs: 1_000,
    copies,
    l2: new MemoryCache({ clock }),
    clock,
  });
};

describe('an object that is changed after it was stored', () => {
  it('is changed for everybody where it is shared', async () => {
    const cache = opened('shared');
    const cart = await cache.get('cart', () => ({ items: ['tea'] }));
    cart.items.push('milk');

    expect([cache.peek('cart'), await cache.get('cart')]).toEqual([cart, cart]);
  });

  it('throws where it is frozen, for whoever handed it in too', async () => {
    const cache = opened('frozen');
    const cart = { items: ['tea'] };
    await cache.set('cart', cart);

    expect(() => cart.items.push('milk')).toThrow(TypeError);
    expect(() => cache.peek('cart')?.items.push('milk')).toThrow(TypeError);
    expect(cache.peek('cart')).toEqual({ items: ['tea'] });
  });

  it('throws where it is frozen, also when it came from a lower tier', async () => {
    const l2 = new MemoryCache();
    const open = () => createCache<Cart>({ namespace: 'shop', ttlMs: 1_000, copies: 'frozen', l2 });
    await open().set('cart', { items: ['tea'] });
    const cart = await open().get('cart');

    expect(cart).toEqual({ items: ['tea'] });
    expect(() => cart?.items.push('milk')).toThrow(TypeError);
  });

  it('is as it was for everybody else where it is cloned', async () => {
    const cache = opened('cloned');
    const handedIn = { items: ['tea'] };
    const answers = [await cache.get('cart', () => handedIn), await cache.get('cart'), cache.peek('cart')];
    const [many] = (await cache.getMany(['cart'])).values();
    for (const cart of [handedIn, ...answers, many]) cart?.items.push('milk');

    expect(await cache.get('cart')).toEqual({ items: ['tea'] });
    expect((await cache.entry('cart'))?.value).toEqual({ items: ['tea'] });
  });
});
