// The package graph of docs/decisions/0001-scope-and-names.md. A package imports the siblings named in its row and no others.
const graph = {
  core: [],
  'circuit-breaker': ['core'],
  bulkhead: ['core'],
  'rate-limiter': ['core'],
  dedupe: ['core'],
  degradation: ['core'],
  'tiered-cache': ['core', 'dedupe'],
  metrics: ['core'],
  resilience: ['core', 'circuit-breaker', 'bulkhead', 'rate-limiter', 'dedupe'],
  persistence: ['core'],
  jobs: ['core'],
  'test-support': [],
};

const siblings = Object.entries(graph).map(([name, allowed]) => ({
  name: `${name}-imports-only-its-row`,
  severity: 'error',
  from: { path: `^packages/${name}/src` },
  to: { path: '^packages/', pathNot: `^packages/(${[name, ...allowed].join('|')})/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...siblings,
    {
      name: 'every-package-has-a-row',
      severity: 'error',
      from: { path: '^packages/', pathNot: `^packages/(${Object.keys(graph).join('|')})/` },
      to: {},
    },
    {
      name: 'no-circular',
      comment:
        'Files that only name a type of each other are one concept in two files; code in a circle is not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'packages-only-through-their-name',
      comment: 'A package imports another one by its name, never by a path into its sources.',
      severity: 'error',
      from: { path: '^(packages|examples)/([^/]+)/' },
      to: {
        path: '^(packages|examples)/([^/]+)/',
        pathNot: '^$1/$2/',
        dependencyTypes: ['local'],
      },
    },
    {
      name: 'sources-do-not-import-tests',
      severity: 'error',
      from: { path: '^(packages|examples)/[^/]+/src' },
      to: { path: '^(packages|examples)/[^/]+/test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/(dist|\\.tsc)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@holdfast/source', 'import', 'node', 'default'],
    },
  },
};
