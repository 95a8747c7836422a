// Packs every package, checks the tarballs, and installs them into fresh projects with npm
// and with pnpm, where they have to load through both import and require.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const run = (command: string, args: readonly string[], cwd = process.cwd()): void => {
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`, { cause: error });
};

interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  exports: Record<string, unknown>;
  peerDependencies?: Record<string, string>;
}

const packed = resolve('.pack');
rmSync(packed, { recursive: true, force: true });
run('pnpm', [
  '--recursive',
  '--filter=./packages/*',
  '--filter=!@holdfast/test-support',
  'pack',
  '--pack-destination',
  packed,
]);

for (const file of readdirSync(packed)) {
  run('publint', ['--strict', join(packed, file)]);
  run('attw', ['--profile', 'node16', join(packed, file)]);
}

const manifests = readdirSync('packages')
  .map((folder) => JSON.parse(readFileSync(join('packages', folder, 'package.json'), 'utf8')) as Manifest)
  .filter((manifest) => manifest.private !== true);
const tarballs = Object.fromEntries(
  manifests.map(({ name, version }) => [
    name,
    `file:${join(packed, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)}`,
  ]),
);
const entries = manifests.flatMap(({ name, exports }) =>
  Object.keys(exports)
    .filter((path) => !path.endsWith('.json'))
    .map((path) => name + path.slice(1)),
);

/** The peers without which their entry cannot be loaded; every other entry has to do without. */
const needed = new Set(['react', '@openfeature/server-sdk']);
const peers = Object.fromEntries(
  manifests.flatMap(({ peerDependencies = {} }) =>
    Object.entries(peerDependencies).filter(([peer]) => needed.has(peer)),
  ),
);

const root = mkdtempSync(join(tmpdir(), 'holdfast-consumers-'));
try {
  for (const manager of ['npm', 'pnpm']) {
    const project = join(root, manager);
    mkdirSync(project);
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ private: true, dependencies: { ...peers, ...tarballs } }),
    );
    writeFileSync(join(project, 'pnpm-workspace.yaml'), JSON.stringify({ overrides: tarballs }));
    const load = (of: (entry: string) => string): string =>
      entries
        .map((entry) => `console.log(${JSON.stringify(entry)}, Object.keys(${of(JSON.stringify(entry))}));`)
        .join('\n');
    writeFileSync(
      join(project, 'esm.mjs'),
      load((entry) => `await import(${entry})`),
    );
    writeFileSync(
      join(project, 'cjs.cjs'),
      load((entry) => `require(${entry})`),
    );
    run(manager, ['install'], project);
    for (const script of ['esm.mjs', 'cjs.cjs']) run(process.execPath, [script], project);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
