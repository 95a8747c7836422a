import { cpus, loadavg } from 'node:os';

import type { Lines } from './question.ts';
import type { Result, Row } from './result.ts';

/** What the numbers were measured on, and how busy it was with other things. */
export function machine(): string {
  const [first] = cpus();
  const model = first?.model.trim() ?? 'unknown CPU';
  const [load = 0] = loadavg();
  const platform = `${process.platform} ${process.arch}, ${cpus().length} × ${model}`;
  return `Node.js ${process.version}, V8 ${process.versions.v8}, ${platform}, load ${load.toFixed(1)} at the start`;
}

/** The section of one question, in Markdown. */
export function section(name: string, title: string, result: Result): string {
  return `## ${name}\n\n${title}\n\n${body(result)}\n`;
}

function body(result: Result): string {
  if ('skipped' in result) return `Not measured: ${result.skipped}.`;
  if ('failed' in result) return `Failed: ${result.failed}`;
  const columns =
    'lines' in result
      ? result.columns.map((head, index) =>
          textsOf(
            head,
            result.lines.map((line) => line[index] ?? ''),
          ),
        )
      : columnsOf(result.clock).map((column) => textsOf(column, result.rows.map(column.cell)));
  const lines = columns[0]?.map((_, line) => columns.map((texts) => texts[line]).join(' | ')) ?? [];
  return lines.map((line) => `| ${line} |`).join('\n');
}

/** The column from its head down, in texts of one width. */
function textsOf({ title, align }: Head, cells: readonly string[]): readonly string[] {
  const width = Math.max(title.length, ...cells.map((text) => text.length));
  const rule = align === 'left' ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`;
  return [title, rule, ...cells].map((text) =>
    align === 'left' ? text.padEnd(width) : text.padStart(width),
  );
}

type Head = Lines['columns'][number];

interface Column extends Head {
  readonly cell: (row: Row) => string;
}

function columnsOf(clock: 'cpu' | 'wall'): readonly Column[] {
  const right = (title: string, cell: Column['cell']): Column => ({ title, align: 'right', cell });
  const left = (title: string, cell: Column['cell']): Column => ({ title, align: 'left', cell });
  return [
    left('case', ({ kind, label }) => (kind === 'ours' ? `**${label}**` : label)),
    right('× baseline', ({ ratio }) => short(ratio)),
    right('quartiles', ({ quartiles }) => quartiles.map(short).join('–')),
    ...(clock === 'wall' ? [right('× baseline, CPU of the client', ({ cpuRatio }) => short(cpuRatio))] : []),
    right(clock === 'cpu' ? 'CPU per call' : 'time per call', ({ nanoseconds }) => duration(nanoseconds)),
    left('target', verdict),
  ];
}

/** A machine too busy to tell shows quartiles on both sides of the target. */
function verdict({ quartiles: [low, high], target }: Row): string {
  if (target === undefined) return '';
  if (low <= target && high > target) return `≤ ${target}: unclear`;
  return high <= target ? `≤ ${target}: met` : `≤ ${target}: **missed**`;
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function duration(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(1)} ns`;
  return nanoseconds < 1e6 ? `${(nanoseconds / 1e3).toFixed(2)} µs` : `${(nanoseconds / 1e6).toFixed(2)} ms`;
}
