import { randomInt } from 'node:crypto';
import { OperatorError } from '../../errors.ts';
import type { CopyEndpoint } from '../copy/endpoint.ts';
import { NEWEST_ENTRY } from '../../operators/audit-entry.ts';
import { MOVED_PREFIX, COPYING_TABLE, overtaken } from '../copy/moved.ts';
import { showPostgresUrl } from './connection/address.ts';
import {
  markersOf,
  KEYS,
  LISTED_COLUMNS,
  sourceOf,
  toMarkerRow,
  toCopyRow,
  toListedRow,
  upsertsOf,
} from './copy-rows.ts';
import { toOperatorError } from './connection/errors.ts';
import { migrate, newestSchema, readSchema } from './connection/migrations.ts';
import { moveAway, moveBack, readMoveState } from './moved.ts';
import { openConnections, POOL_LIMITS } from './connection/pool.ts';
import type { Connections } from './connection/pool.ts';
import { keepTable } from './connection/engine.ts';

/** No request waits for a copy, so a page may take long. */
const TIMEOUT_MS = 120_000;
/** How long a move waits for the tables. Meanwhile, other transactions wait behind it. */
const MOVE_TIMEOUT_MS = 15_000;
const REVISION_MAX = 2 ** 40;

const IS_EMPTY = `SELECT NOT (EXISTS (SELECT 1 FROM clients) OR EXISTS (SELECT 1 FROM grants)
  OR EXISTS (SELECT 1 FROM codes) OR EXISTS (SELECT 1 FROM grant_events) OR EXISTS (SELECT 1 FROM webhooks)) AS is_empty`;

/** Opens a database as an endpoint of a copy. As the target, it gets a store if it has none. Throws `OperatorError`. */
export const openPostgresEndpoint = async (url: string, role: 'source' | 'target'): Promise<CopyEndpoint> => {
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
    const { movedTo } = await readMoveState(connections.read);
    if (schema < newestSchema() && movedTo === undefined) await migrate(connections);
    return createEndpoint(connections, name, movedTo === undefined ? '' : MOVED_PREFIX);
  } catch (error) {
    await connections.close();
    throw toOperatorError(error, name);
  }
};

const createEndpoint = (connections: Connections, name: string, firstPrefix: string): CopyEndpoint => {
  const { read, transact } = connections;
  let prefix = firstPrefix;
  /** Writes into the target as long as the copy is unfinished. This and the run that finishes the copy wait for each other. */
  const transactCopying: Connections['transact'] = async (work, options) => {
    try {
      return await transact(async (transaction) => {
        await transaction.query(keepTable(COPYING_TABLE));
        return work(transaction);
      }, options);
    } catch (error) {
      const standing = await readMoveState(read).catch(() => undefined);
      throw standing !== undefined && standing.copiedFrom === undefined ? overtaken(name) : error;
    }
  };
  return {
    name,
    readMoveState: () => readMoveState(read),
    isEmpty: async () => (await read(IS_EMPTY))[0]?.['is_empty'] === true,
    beginFrom: (origin) =>
      transact(async ({ query }) => {
        await query(`CREATE TABLE ${COPYING_TABLE} (origin text NOT NULL)`);
        await query(`INSERT INTO ${COPYING_TABLE} (origin) VALUES ($1)`, [origin]);
      }),
    finish: () =>
      transactCopying(async ({ query }) => {
        await query(NEWEST_ENTRY);
        await query(`DROP TABLE ${COPYING_TABLE}`);
      }),
    async moveTo(destination) {
      await transact((transaction) => moveAway(transaction, destination), { timeoutMs: MOVE_TIMEOUT_MS });
      prefix = MOVED_PREFIX;
    },
    async moveBack() {
      await transact(moveBack, { timeoutMs: MOVE_TIMEOUT_MS });
      prefix = '';
    },
    async read({ table, webhookId }, { after, limit, markersOnly }) {
      const follows = after === undefined ? 'true' : 't.key > $2';
      const ofWebhook = webhookId === undefined ? '' : `AND t.webhook_id = $${after === undefined ? 2 : 3}`;
      const from = markersOnly === true ? markersOf(table, prefix) : sourceOf(table, prefix);
      const rows = await read(
        `SELECT t.* FROM ${from} AS t WHERE ${follows} ${ofWebhook} ORDER BY t.key LIMIT $1`,
        [limit, after, webhookId].filter((value) => value !== undefined),
      );
      return rows.map((row) => (markersOnly === true ? toMarkerRow(table, row) : toCopyRow(table, row)));
    },
    async readRows({ table, webhookId }, keys) {
      const ofWebhook = webhookId === undefined ? '' : 'AND t.webhook_id = $2';
      const rows = await read(
        `SELECT t.* FROM ${sourceOf(table, prefix)} AS t WHERE t.key = ANY($1::bigint[]) ${ofWebhook}`,
        [keys, ...(webhookId === undefined ? [] : [webhookId])],
      );
      return rows.map((row) => toCopyRow(table, row));
    },
    list: async (table) =>
      (await read(`SELECT * FROM ${prefix}${table}`)).map((row) => toListedRow(table, row)),
    write: ({ table, webhookId }, { rows, gone }) =>
      transactCopying(
        async ({ write }) => {
          if (rows.length > 0)
            for (const { text, values } of upsertsOf(table, rows, webhookId)) write(text, values);
          if (gone.length === 0) return;
          if (table === 'covered_vehicles')
            write('DELETE FROM covered_vins WHERE grant_id = ANY($1::bigint[])', [gone]);
          if (table === 'grant_events')
            write('DELETE FROM grant_event_vins WHERE sequence = ANY($1::bigint[])', [gone]);
          if (table === 'audit')
            write('DELETE FROM audit_targets WHERE sequence = ANY($1::bigint[])', [gone]);
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
      Number((await read(`SELECT count(*) AS rows FROM ${sourceOf(table, prefix)} AS t`))[0]?.['rows']),
    close: connections.close,
  };
};
