import type { Item, ItemSummary } from '../domain/model.ts';
import { highlightEnd, highlightStart, type Row } from './sql-work.ts';
import type { ItemVector, Snippet } from './contract.ts';

export const summaryColumns = 'id, kind, title, tags, source, version, created_at, updated_at';
export const itemColumns = `${summaryColumns}, body, links`;

export const number = (row: Row, column: string): number => row[column] as number;
export const string = (row: Row, column: string): string => row[column] as string;

const strings = (json: unknown): readonly string[] => JSON.parse(json as string) as readonly string[];

export function summaryOf(row: Row): ItemSummary {
  const source = row['source'] as string | null;
  return {
    id: string(row, 'id'),
    kind: string(row, 'kind'),
    title: string(row, 'title'),
    tags: strings(row['tags']),
    ...(source !== null && { source }),
    version: number(row, 'version'),
    createdAt: number(row, 'created_at'),
    updatedAt: number(row, 'updated_at'),
  };
}

export const itemOf = (row: Row): Item => ({
  ...summaryOf(row),
  body: string(row, 'body'),
  links: strings(row['links']),
});

/** Vectors are stored as 32-bit floats, little-endian on every machine that Node.js runs on. */
export const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

export function vectorOf(row: Row, model: string): ItemVector {
  // Copied, because a driver's buffer may start anywhere and floats may not.
  const copy = Uint8Array.from(row['v'] as Uint8Array);
  return { itemId: string(row, 'item_id'), model, values: new Float32Array(copy.buffer) };
}

/** Takes the marks out of a passage and says where they were. */
export function snippetOf(passage: string): Snippet {
  const highlights: [number, number][] = [];
  let text = '';
  for (const part of passage.split(highlightStart)) {
    const end = part.indexOf(highlightEnd);
    if (end === -1) {
      text += part;
      continue;
    }
    highlights.push([text.length, text.length + end]);
    text += part.slice(0, end) + part.slice(end + highlightEnd.length);
  }
  return { text, highlights };
}
