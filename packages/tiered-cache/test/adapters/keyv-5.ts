import { createRequire } from 'node:module';
import type { CreateCacheOptions } from 'cache-manager';

/** A Keyv 5, as cache-manager 7 takes it. */
export type Keyv5 = NonNullable<CreateCacheOptions['stores']>[number];

/** What Keyv 5 calls a store. */
export type KeyvStore5 = Keyv5['opts']['store'];

type Keyv5Constructor = new (
  options?: Partial<Omit<Keyv5['opts'], 'store'>> & { readonly store?: object },
) => Keyv5;

// The Keyv that cache-manager itself depends on, whichever this package has.
const required = createRequire(createRequire(import.meta.url).resolve('cache-manager'));

export const { Keyv: Keyv5 } = required('keyv') as { readonly Keyv: Keyv5Constructor };
