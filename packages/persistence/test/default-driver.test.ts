import { describe, expect, it } from 'vitest';

import { defaultDriver } from '../src/default-driver.ts';

describe('defaultDriver', () => {
  it.each(['24.15.0', '24.21.0', '25.7.0', '26.0.0', '30.1.2'])('is node:sqlite on Node.js %s', (version) => {
    expect(defaultDriver(version).name).toBe('node:sqlite');
  });

  it.each(['22.18.0', '22.23.3', '24.14.1', '25.6.0'])(
    'is an installed better-sqlite3 on Node.js %s, where node:sqlite is experimental',
    (version) => {
      expect(defaultDriver(version).name).toBe('better-sqlite3');
    },
  );
});
