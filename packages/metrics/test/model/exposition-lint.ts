/** One line of the Prometheus text format that carries a value. */
export interface Line {
  readonly name: string;
  /** The text between the braces; empty without labels. */
  readonly labels: string;
  readonly value: number;
}

/** The lines with values. Throws on a line that is neither a comment nor a series. */
export function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = /^([a-zA-Z_][a-zA-Z0-9_]*)(?:\{((?:[^"{}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)$/.exec(line);
      if (match === null) throw new Error(`not a line of the text format: ${line}`);
      const value = (match[3] ?? '').replace('Inf', 'Infinity');
      return { name: match[1] ?? '', labels: match[2] ?? '', value: Number(value.replace('Nan', 'NaN')) };
    });
}

/** What `promtool check metrics` and Prometheus itself would object to, as far as our output could get there. */
export function problemsOf(text: string): string[] {
  const problems: string[] = [];
  const types = new Map<string, string>();
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    if (types.has(name)) problems.push(`${name}: second TYPE line`);
    types.set(name, type);
    if (!new RegExp(`^# HELP ${name} \\S`, 'm').test(text)) problems.push(`${name}: no help text`);
    if ((type === 'counter') !== name.endsWith('_total'))
      problems.push(`${name}: _total and only on counters`);
    if (/_(?:count|sum|bucket|info)$/.test(name)) problems.push(`${name}: reserved suffix`);
    if (/(?:^|_)(?:counter|gauge|histogram|summary)(?:_|$)/.test(name))
      problems.push(`${name}: type in the name`);
    if (/milliseconds|_ms(?:_|$)|kilobytes|minutes|percent/.test(name))
      problems.push(`${name}: no base unit`);
    if (/[A-Z:]/.test(name)) problems.push(`${name}: upper case or a colon`);
  }
  const seen = new Set<string>();
  for (const { name, labels } of linesOf(text)) {
    const series = `${name}{${labels}}`;
    if (seen.has(series)) problems.push(`${series}: there twice`);
    seen.add(series);
    const family = types.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, '');
    if (!types.has(family)) problems.push(`${name}: no TYPE line`);
    const bound = /(?:^|,)le="([^"]*)"/.exec(labels)?.[1];
    if (bound !== undefined && !/^(?:\+Inf|-?\d+\.\d+|-?\d(?:\.\d+)?e[+-]\d\d)$/.test(bound)) {
      problems.push(`${series}: bound is not canonical`);
    }
  }
  return problems;
}
