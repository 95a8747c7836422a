import { SqliteJobQueue } from '@holdfast/jobs/sqlite';
import { openDatabase } from '@holdfast/persistence';
import { type Child, startChild } from '@holdfast/test-support';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { drivers } from './engines.ts';

const start = (script: string, ...parameters: string[]): Child =>
  startChild(new URL(`children/${script}.ts`, import.meta.url), parameters);

const said = (children: readonly Child[], verb: string): string[] =>
  children.flatMap(({ lines }) =>
    lines.filter((line) => line.startsWith(`${verb} `)).map((line) => line.slice(verb.length + 1)),
  );

describe.each(drivers)('SqliteJobQueue on $name', (driver) => {
  it('loses no acknowledged job and runs no acknowledged completion again, though its processes are killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-jobs-'));
    const file = join(folder, 'jobs.db');
    const children: Child[] = [];
    const restarted = new Map<string, number>();
    try {
      for (let round = 0; round < 6; round += 1) {
        const producer = start('enqueuing', driver.name, file, `r${round}`);
        const workers = [start('working', driver.name, file), start('working', driver.name, file)];
        const alreadyDone = new Set(said(children, 'completed'));
        await Promise.all([producer.said(/./), ...workers.map((worker) => worker.said(/./))]);
        await new Promise((resolve) => setTimeout(resolve, 40 + ((round * 61) % 160)));
        await Promise.all([producer.kill(), ...workers.map((worker) => worker.kill())]);

        for (const key of said(workers, 'started')) if (alreadyDone.has(key)) restarted.set(key, round);
        children.push(producer, ...workers);
      }

      using database = openDatabase({ file, driver });
      expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
      const stored = database
        .prepare<{ payload: string; state: string }>('SELECT payload, state FROM holdfast_jobs')
        .all();
      const states = new Map(stored.map(({ payload, state }) => [JSON.parse(payload) as string, state]));
      const [enqueued, completed] = [said(children, 'enqueued'), said(children, 'completed')];
      expect(enqueued.length).toBeGreaterThan(100);
      expect(completed.length).toBeGreaterThan(100);
      expect(enqueued.filter((key) => !states.has(key))).toEqual([]);
      expect(completed.filter((key) => states.get(key) !== 'completed')).toEqual([]);
      expect(completed).toHaveLength(new Set(completed).size);
      expect([...restarted]).toEqual([]);

      // What was not acknowledged is done by whoever comes next.
      const queue = new SqliteJobQueue(database, { retention: { finished: { maxCount: 1e6 } } });
      await new Promise((resolve) => setTimeout(resolve, 60));
      for (
        let jobs = await queue.claim({ max: 1_000 });
        jobs.length > 0;
        jobs = await queue.claim({ max: 1_000 })
      )
        await Promise.all(jobs.map((job) => queue.complete(job)));
      expect(await queue.counts()).toMatchObject({ waiting: 0, active: 0, dead: 0, completed: states.size });
    } finally {
      await Promise.all(children.map((child) => child.kill()));
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
