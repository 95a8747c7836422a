/** Asks one question, in a process of its own: what one library teaches the compiler must not help or harm another question. */
import { ServerUnavailableError } from '@holdfast/test-support';

import { measureAll, smoke, thorough } from './measure.ts';
import { type Question, Scope, type Study } from './question.ts';
import { type Result, rowsOf } from './result.ts';

async function ask(file: string, mode: string | undefined): Promise<Result> {
  const scope = new Scope();
  try {
    const { default: asked } = (await import(file)) as { default: Question | Study };
    if ('study' in asked) return await asked.study(mode === 'smoke' ? 'smoke' : 'thorough');
    const cases = await asked.cases(scope);
    const readings = await measureAll(asked, cases, mode === 'smoke' ? smoke : thorough);
    return { clock: asked.clock ?? 'cpu', rows: rowsOf(readings) };
  } catch (error) {
    if (error instanceof ServerUnavailableError) return { skipped: error.message };
    return { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    await scope.close();
  }
}

const [file = '', mode] = process.argv.slice(2);
const result = await ask(file, mode);
process.send?.(result, () => process.exit());
