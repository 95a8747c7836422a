/** `main.ts [--smoke] [--write] [--profile] [package or package/question …]` */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import type { Result } from './harness/result.ts';
import { machine, section } from './harness/table.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const suffix = '.bench.ts';
const hour = 3_600_000;
const flags = ['--conditions=@holdfast/source', '--expose-gc', '--disable-warning=ExperimentalWarning'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Runs everything for a moment, to prove that it runs. */
    smoke: { type: 'boolean', default: false },
    /** Keeps the tables in `results/`. */
    write: { type: 'boolean', default: false },
    /** Writes a CPU profile of each question into `reports/`. */
    profile: { type: 'boolean', default: false },
  },
});

if (values.smoke && values.write) throw new Error('the numbers of a smoke run mean nothing');

const names = globSync(`*/*${suffix}`, { cwd: folder })
  .map((file) => file.replaceAll('\\', '/').slice(0, -suffix.length))
  .filter((name) => positionals.length === 0 || positionals.some((wanted) => isIn(name, wanted)))
  .toSorted();
if (names.length === 0) throw new Error(`no benchmark is called ${positionals.join(' or ')}`);

const sections: string[] = [];
const measuredOn = machine();
print(`${measuredOn}\n`);
for (const name of names) {
  const result = await ask(name);
  if ('failed' in result) process.exitCode = 1;
  sections.push(section(name, titleOf(name), result));
  print(values.smoke ? summary(name, result) : `\n${sections.at(-1)}`);
}
if (values.write) write();

/** Whether the name is the wanted one or lies in the wanted folder. */
function isIn(name: string, wanted: string): boolean {
  return name === wanted || name.startsWith(`${wanted}/`);
}

async function ask(name: string): Promise<Result> {
  const args = [`${folder}${name}${suffix}`, ...(values.smoke ? ['smoke'] : [])];
  const child = fork(new URL('harness/ask.ts', import.meta.url), args, {
    execArgv: [...flags, ...(values.profile ? profiling(name) : [])],
    timeout: hour,
  });
  let result: Result = { failed: 'the process ended without an answer' };
  child.on('message', (message) => (result = message as Result));
  await once(child, 'exit');
  return result;
}

function profiling(name: string): readonly string[] {
  return [
    '--cpu-prof',
    `--cpu-prof-dir=${folder}../reports`,
    `--cpu-prof-name=${name.replace('/', '-')}.cpuprofile`,
  ];
}

/** The question is the first line of its file. */
function titleOf(name: string): string {
  const [first = ''] = readFileSync(`${folder}${name}${suffix}`, 'utf8').split('\n');
  return first.replace(/^\/\/ /, '');
}

function summary(name: string, result: Result): string {
  if ('rows' in result) return `ran      ${name} (${result.rows.length} cases)`;
  if ('lines' in result) return `ran      ${name} (${result.lines.length} lines)`;
  return 'skipped' in result ? `skipped  ${name}: ${result.skipped}` : `FAILED   ${name}: ${result.failed}`;
}

function write(): void {
  const day = new Date().toISOString().slice(0, 10);
  const file = `${folder}../results/${day}.md`;
  mkdirSync(`${folder}../results`, { recursive: true });
  writeFileSync(
    file,
    [`# Benchmarks of ${day}`, measuredOn, ...sections].join('\n\n').replace(/\n{3,}/g, '\n\n'),
  );
  print(`written to results/${day}.md`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
