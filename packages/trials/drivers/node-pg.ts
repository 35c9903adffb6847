import { createRequire } from 'node:module';
import { Pool } from 'pg';
import type { PoolClient } from 'pg';
import type { Ask, Driver } from './driver.ts';

const require = createRequire(import.meta.url);
const { version } = require('pg/package.json') as { readonly version: string };

const ignore = (): void => {};

/** `pg`, with the options of the store (`stores/postgres/connection/pool.ts`). */
export const nodePg: Driver = {
  name: 'pg',
  version,
  limits: '`query_timeout`',
  open(url, { isNaming = false, limitMs } = {}) {
    const limit = limitMs === undefined ? {} : { query_timeout: limitMs };
    const pool = new Pool({ connectionString: url, max: 1, pipeline: true, keepAlive: true, ...limit });
    pool.on('error', ignore);
    const askBy =
      (client: Pick<PoolClient, 'query'>): Ask =>
      async (text, values = []) => {
        const name = isNaming ? { name: `named ${text}`.slice(0, 60) } : {};
        return (await client.query({ text, values: [...values], ...name })).rows;
      };
    return {
      ask: askBy(pool),
      async transact(work) {
        const client = await pool.connect();
        client.on('error', ignore);
        let isDone = false;
        try {
          await client.query('BEGIN');
          await work(askBy(client));
          await client.query('COMMIT');
          isDone = true;
        } finally {
          client.removeListener('error', ignore);
          client.release(!isDone);
        }
      },
      close: () => pool.end(),
    };
  },
};
