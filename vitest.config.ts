import { defineConfig } from 'vitest/config';

// The tests see the sources of the workspace's packages, so they need no build.
const source = { conditions: ['@holdfast/source', 'module', 'node', 'development|production'] };

const project = (name: string, suffix: string, timeoutMs: number): object => ({
  extends: true,
  test: {
    name,
    include: [`{packages,examples}/*/test/**/*.${suffix}.ts`, `docs/test/**/*.${suffix}.ts`],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
    // A poll waits for what comes at no promised time: a server that starts, a client that connects again. It is no bound on
    // that; what has one is measured, in OwnTime. Half, so that a poll in vain says what it waited for before the test is over.
    expect: { poll: { timeout: timeoutMs / 2 } },
  },
});

export default defineConfig({
  resolve: source,
  ssr: { resolve: source },
  test: {
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**'],
      exclude: ['packages/test-support/**'],
      reporter: ['text-summary', 'lcov'],
    },
    projects: [
      project('unit', 'test', 10_000),
      project('property', 'property', 60_000),
      project('integration', 'integration', 60_000),
    ],
  },
});
