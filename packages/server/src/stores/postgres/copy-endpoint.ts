import { randomInt } from 'node:crypto';
import { OperatorError } from '../../errors.ts';
import type { CopyEndpoint } from '../copy/endpoint.ts';
import { AWAY_PREFIX, COPYING_TABLE, overtaken } from '../copy/moved.ts';
import { showPostgresUrl } from './connection/address.ts';
import {
  briefOf,
  KEYS,
  LISTED_COLUMNS,
  sourceOf,
  toBriefRow,
  toCopyRow,
  toListedRow,
  upsertsOf,
} from './copy-rows.ts';
import { toOperatorError } from './connection/errors.ts';
import { migrate, newestSchema, readSchema } from './connection/migrations.ts';
import { putAway, putBack, readStanding } from './moved.ts';
import { openConnections, POOL_LIMITS } from './connection/pool.ts';
import type { Connections } from './connection/pool.ts';

/** Nobody waits for a request here: a page may take its time. */
const TIMEOUT_MS = 120_000;
/** For the tables to be free of others, who wait behind this meanwhile. */
const MOVE_TIMEOUT_MS = 15_000;
const REVISION_MAX = 2 ** 40;

const IS_EMPTY = `SELECT NOT (EXISTS (SELECT 1 FROM clients) OR EXISTS (SELECT 1 FROM grants)
  OR EXISTS (SELECT 1 FROM codes) OR EXISTS (SELECT 1 FROM grant_events) OR EXISTS (SELECT 1 FROM webhooks)) AS is_empty`;

/** A database as one end of a copy. As the target it is made a store where it is none. Throws `OperatorError`. */
export const openPostgresEnd = async (url: string, role: 'source' | 'target'): Promise<CopyEndpoint> => {
  const name = showPostgresUrl(url);
  const connections = openConnections(url, {
    ...POOL_LIMITS,
    connectionsMax: 4,
    answerTimeoutMs: TIMEOUT_MS,
  });
  try {
    const schema = await readSchema(connections);
    if (schema === 0 && role === 'source') {
      throw new OperatorError(
        'store_missing',
        `${name}: there is no store here`,
        'Name the database of your server by --from.',
      );
    }
    const { movedTo } = await readStanding(connections.read);
    if (schema < newestSchema() && movedTo === undefined) await migrate(connections);
    return createEnd(connections, name, movedTo === undefined ? '' : AWAY_PREFIX);
  } catch (error) {
    await connections.close();
    throw toOperatorError(error, name);
  }
};

const createEnd = (connections: Connections, name: string, firstAway: string): CopyEndpoint => {
  const { read, transact } = connections;
  let away = firstAway;
  /** For what is written into the target, as long as it is one: whoever finishes it waits for this, and this for them. */
  const transactCopying: Connections['transact'] = async (work, options) => {
    try {
      return await transact(async (transaction) => {
        await transaction.query(`LOCK TABLE ${COPYING_TABLE} IN ACCESS SHARE MODE`);
        return work(transaction);
      }, options);
    } catch (error) {
      const standing = await readStanding(read).catch(() => undefined);
      throw standing !== undefined && standing.copiedFrom === undefined ? overtaken(name) : error;
    }
  };
  return {
    name,
    readStanding: () => readStanding(read),
    isEmpty: async () => (await read(IS_EMPTY))[0]?.['is_empty'] === true,
    beginFrom: (origin) =>
      transact(async ({ query }) => {
        await query(`CREATE TABLE ${COPYING_TABLE} (origin text NOT NULL)`);
        await query(`INSERT INTO ${COPYING_TABLE} (origin) VALUES ($1)`, [origin]);
      }),
    finish: () => transactCopying(async ({ query }) => void (await query(`DROP TABLE ${COPYING_TABLE}`))),
    async moveTo(destination) {
      await transact((transaction) => putAway(transaction, destination), { timeoutMs: MOVE_TIMEOUT_MS });
      away = AWAY_PREFIX;
    },
    async moveBack() {
      await transact(putBack, { timeoutMs: MOVE_TIMEOUT_MS });
      away = '';
    },
    async read({ table, webhookId }, { after, limit, markersOnly }) {
      const follows = after === undefined ? 'true' : 't.key > $2';
      const ofWebhook = webhookId === undefined ? '' : `AND t.webhook_id = $${after === undefined ? 2 : 3}`;
      const from = markersOnly === true ? briefOf(table, away) : sourceOf(table, away);
      const rows = await read(
        `SELECT t.* FROM ${from} AS t WHERE ${follows} ${ofWebhook} ORDER BY t.key LIMIT $1`,
        [limit, after, webhookId].filter((value) => value !== undefined),
      );
      return rows.map((row) => (markersOnly === true ? toBriefRow(table, row) : toCopyRow(table, row)));
    },
    async readOf({ table, webhookId }, keys) {
      const ofWebhook = webhookId === undefined ? '' : 'AND t.webhook_id = $2';
      const rows = await read(
        `SELECT t.* FROM ${sourceOf(table, away)} AS t WHERE t.key = ANY($1::bigint[]) ${ofWebhook}`,
        [keys, ...(webhookId === undefined ? [] : [webhookId])],
      );
      return rows.map((row) => toCopyRow(table, row));
    },
    list: async (table) =>
      (await read(`SELECT * FROM ${away}${table}`)).map((row) => toListedRow(table, row)),
    write: ({ table, webhookId }, { rows, gone }) =>
      transactCopying(
        async ({ write }) => {
          if (rows.length > 0)
            for (const { text, values } of upsertsOf(table, rows, webhookId)) write(text, values);
          if (gone.length === 0) return;
          const ofWebhook = webhookId === undefined ? '' : 'AND webhook_id = $2';
          write(`DELETE FROM ${table} WHERE ${KEYS[table]} = ANY($1::bigint[]) ${ofWebhook}`, [
            gone,
            ...(webhookId === undefined ? [] : [webhookId]),
          ]);
        },
        { timeoutMs: TIMEOUT_MS },
      ),
    writeListed: (table, { rows, gone }) =>
      transactCopying(async ({ write }) => {
        const columns = ['id', ...LISTED_COLUMNS[table], ...(table === 'clients' ? ['revision'] : [])];
        const places = columns.map((_, index) => `$${index + 1}`).join(', ');
        const set = columns.map((column) => `${column} = excluded.${column}`).join(', ');
        const text = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places}) ON CONFLICT (id) DO UPDATE SET ${set}`;
        for (const { key, values } of rows)
          write(text, [key, ...values, ...(table === 'clients' ? [randomInt(REVISION_MAX)] : [])]);
        if (table === 'webhooks') write('DELETE FROM deliveries WHERE webhook_id = ANY($1::text[])', [gone]);
        write(`DELETE FROM ${table} WHERE id = ANY($1::text[])`, [gone]);
      }),
    count: async (table) =>
      Number((await read(`SELECT count(*) AS rows FROM ${sourceOf(table, away)} AS t`))[0]?.['rows']),
    close: connections.close,
  };
};
