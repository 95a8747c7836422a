import { describe, expect, it } from 'vitest';

import { engine } from '../../src/sqlite/engine.ts';

describe('the engine that opens files', () => {
  it.each([
    ['22.18.0', 'better-sqlite3'],
    ['23.11.0', 'better-sqlite3'],
    ['24.14.1', 'better-sqlite3'],
    ['24.15.0', 'node:sqlite'],
    ['25.6.1', 'better-sqlite3'],
    ['25.7.0', 'node:sqlite'],
    ['26.0.0', 'node:sqlite'],
  ])('is on Node.js %s %s', async (version, name) => {
    expect((await engine(version)).name).toBe(name);
  });

  it.each(['22.18.0', '26.0.0'])('opens a database, whichever it is: on Node.js %s', async (version) => {
    const database = (await engine(version)).open(':memory:');

    expect(database.prepare('SELECT 1 AS one').get()).toMatchObject({ one: 1 });
    database.close();
  });
});
