import pg from 'pg';
import { expect, it } from 'vitest';

import { describeWithPostgres } from '@holdfast/test-support';

describeWithPostgres(
  'startPostgres',
  (postgres) => {
    const connect = async (): Promise<pg.Client> => {
      const client = new pg.Client(postgres.url);
      client.on('error', () => undefined);
      await client.connect();
      return client;
    };
    const query = async (text: string): Promise<unknown[]> => {
      const client = await connect();
      const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' });
      await client.end();
      return rows;
    };

    it('answers at its url', async () => {
      expect(await query('SELECT 1')).toEqual([[1]]);
    });

    it('keeps its data over a kill, and over a stop with a client connected', async () => {
      await query('CREATE TABLE kept AS SELECT 7 AS n');
      const idle = await connect();

      await postgres.kill();
      await postgres.start();
      expect(await query('SELECT n FROM kept')).toEqual([[7]]);

      const other = await connect();
      await postgres.stop();
      await expect(query('SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
      await postgres.start();
      expect(await query('SELECT n FROM kept')).toEqual([[7]]);
      await Promise.allSettled([idle.end(), other.end()]);
    });

    it('starts again after a kill while paused with a session open', async () => {
      const client = await connect();
      await postgres.pause();
      await postgres.kill();
      await postgres.start();
      expect(await query('SELECT 1')).toEqual([[1]]);
      await Promise.allSettled([client.end()]);
    });

    it('starts again empty when asked to', async () => {
      await query('CREATE TABLE lost AS SELECT 1');

      await postgres.kill();
      await postgres.start({ data: 'empty' });

      await expect(query('SELECT * FROM lost')).rejects.toThrow(/does not exist/);
    });

    it('freezes open sessions as well while paused, and answers them once resumed', async () => {
      const client = await connect();
      let answered = false;

      await postgres.pause();
      const answer = client.query('SELECT 1').then(() => (answered = true));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(answered).toBe(false);
      await postgres.resume();

      await answer;
      expect(answered).toBe(true);
      await client.end();
    });
  },
  { controllable: true },
);
