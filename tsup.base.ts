import { defineConfig } from 'tsup';

/** How each package is built: ESM and CommonJS with declarations for both, from the same sources. */
export const library = (...entry: string[]): ReturnType<typeof defineConfig> =>
  defineConfig({
    entry,
    format: ['esm', 'cjs'],
    dts: true,
    clean: true,
    sourcemap: true,
    target: 'node22',
    treeshake: true,
  });
