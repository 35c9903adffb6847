import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { openKeeper } from '../keeper.ts';
import type { Keeper } from '../keeper.ts';
import { oauth } from '../providers/vendors.ts';
import type { Exchange, Transport } from '../refresh/exchange.ts';
import { parseKeys } from '../vault/key-ring.ts';
import { seal } from '../vault/seal.ts';
import { sqliteStore } from '../stores/sqlite/open.ts';
import { SCHEMA } from '../stores/sqlite/schema.ts';

const answered = (status: number, body: string): Exchange => ({
  kind: 'answered',
  status,
  headers: {},
  body,
});
const CUT: Exchange = { kind: 'unanswered', why: 'ECONNRESET' };
const KEYS = parseKeys([Buffer.alloc(32, 1).toString('base64url')]);
/** How the first refresh of each connection ends. */
const ENDINGS: Readonly<Record<string, Exchange>> = {
  active: answered(200, '{"access_token":"a","refresh_token":"active 2","expires_in":3600}'),
  half: answered(200, '{"refresh_token":"half 2"}'),
  uncertain: CUT,
  staged: answered(200, '<html>'),
  suspect: answered(403, '<html>'),
  dead: answered(400, '{"error":"invalid_grant"}'),
};

const open = (file: string, transport: Transport): Promise<Keeper> =>
  openKeeper({
    store: sqliteStore(file),
    keys: KEYS,
    clients: { cars: oauth({ clientId: 'fleet', clientSecret: 'secret', url: 'https://p.example/token' }) },
    isScheduling: false,
    isOnlyCopy: true,
    transport,
  });

const rowsOf = (file: string, table: string): unknown => {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare(`SELECT * FROM ${table} ORDER BY 1`).all();
  database.close();
  return rows;
};

/** A connection with the grant of another one, as a process of the version before makes it. */
const writeAsBefore = (file: string, name: string, like: string): void => {
  const database = new DatabaseSync(file);
  database
    .prepare(
      'INSERT INTO connections (name, grant_id, client) SELECT ?, grant_id, client FROM connections WHERE name = ?',
    )
    .run(name, like);
  database.close();
};

/** Each entry meets rows on the way from the first; tables that came later have rows in the others. */
const VERSIONS = [1, Math.ceil(SCHEMA.length / 2), SCHEMA.length - 1];

describe('a file of an earlier version', () => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-migrate-'));
  const newest = join(directory, 'newest.db');
  after(() => rmSync(directory, { recursive: true, force: true }));

  before(async () => {
    const keeper = await open(newest, async ({ body }, { maySend }) => {
      await maySend();
      return ENDINGS[new URLSearchParams(body).get('refresh_token') ?? ''] ?? CUT;
    });
    for (const name of Object.keys(ENDINGS)) {
      await keeper.put(name, 'cars', { refreshToken: name });
      await keeper.refresh(name);
    }
    await keeper.put('closed', 'cars', { refreshToken: 'closed' });
    await keeper.disconnect('closed');
    await keeper.close();
  });

  /** The rows of the newest file, as the tables of this version have them. */
  const writeAs = (version: number): string => {
    const file = join(directory, `${version}.db`);
    const database = new DatabaseSync(file);
    for (const statements of SCHEMA.slice(0, version)) database.exec(statements);
    database.exec(`PRAGMA user_version = ${version}; ATTACH '${newest}' AS newest`);
    const tables = database.prepare(
      "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    for (const { name } of tables.all()) {
      const columns = database.prepare(`SELECT name FROM pragma_table_info('${String(name)}', 'main')`);
      const list = columns.all().map((column) => String(column['name']));
      // What triggers count is counted by them.
      if (name === 'tallies') continue;
      const kept = name === 'deployment' ? list.filter((column) => column !== 'connections') : list;
      database.exec(
        `INSERT INTO main.${String(name)} (${kept.join()}) SELECT ${kept.join()} FROM newest.${String(name)}`,
      );
    }
    // Those versions bound no connection, and their text that checks the key says nothing of it.
    const { id } = database.prepare('SELECT id FROM deployment').get() ?? {};
    const binding = { row: String(id), column: 'key_check', turn: '1' };
    database.prepare('UPDATE deployment SET key_check = ?').run(seal(KEYS, binding, String(id)));
    database.close();
    return file;
  };

  for (const version of VERSIONS)
    it(`of version ${version} has every grant in its state, and its tokens`, async () => {
      const sent: string[] = [];
      const file = writeAs(version);
      const keeper = await open(file, async ({ body }, { maySend }) => {
        await maySend();
        sent.push(new URLSearchParams(body).get('refresh_token') ?? '');
        return answered(503, '');
      });
      const states = (await keeper.list()).map(({ name, state }) => [name, state]);
      assert.deepEqual(states, [
        ['active', 'active'],
        ['dead', 'dead'],
        ['half', 'active'],
        ['staged', 'staged'],
        ['suspect', 'suspect'],
        ['uncertain', 'uncertain'],
      ]);
      for (const table of ['answers', 'events'])
        assert.deepEqual(rowsOf(file, table), rowsOf(newest, table), table);
      const names = `(SELECT name, grant_id, client FROM connections)`;
      assert.deepEqual(rowsOf(file, names), rowsOf(newest, names));
      assert.equal(await keeper.token('active'), 'a');
      await keeper.refresh('active');
      assert.deepEqual(sent, ['active 2']);
      writeAsBefore(file, 'late', 'half');
      assert.equal((await keeper.inspect('late'))?.sharedBy.includes('half'), true);
      assert.deepEqual(await keeper.bindConnections(), { bound: 7, refused: [] });
      assert.equal((await keeper.inspect('late'))?.state, 'active');
      writeAsBefore(file, 'later', 'half');
      await assert.rejects(keeper.inspect('later'), { code: 'connection_unbound' });
      await keeper.close();
    });
});
