import { readFileSync } from 'node:fs';
import postgres from 'postgres';
import type { Sql, TransactionSql } from 'postgres';
import type { Ask, Driver } from './driver.ts';

// The package does not export its package.json.
const manifest = new URL('../package.json', import.meta.resolve('postgres'));
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string };

/** `postgres`, with its default options and one connection. */
export const postgresJs: Driver = {
  name: 'postgres',
  version,
  limits: '`connect_timeout`, `idle_timeout`, `max_lifetime`, then `cancel()`',
  open(url, { isNaming = true, limitMs } = {}) {
    const seconds = limitMs === undefined ? undefined : limitMs / 1000;
    const limits =
      seconds === undefined ? {} : { connect_timeout: seconds, idle_timeout: seconds, max_lifetime: seconds };
    const sql = postgres(url, { max: 1, prepare: isNaming, onnotice: () => {}, ...limits });
    return {
      ask: askBy(sql, limitMs),
      async transact(work) {
        await sql.begin((transaction) => work(askBy(transaction, limitMs)));
      },
      close: () => sql.end({ timeout: 0 }),
    };
  },
};

/** Uses a tagged template, as users do. The driver names statements only in this form. */
const askBy =
  (sql: Sql | TransactionSql, limitMs: number | undefined): Ask =>
  async (text, values = []) => {
    const parts = text.split(/\$\d+/);
    const query = sql(Object.assign(parts, { raw: parts }), ...values);
    const timer = limitMs === undefined ? undefined : setTimeout(() => query.cancel(), limitMs);
    try {
      return await query;
    } finally {
      clearTimeout(timer);
    }
  };
