import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../time.ts';
import type { Store } from '../store.ts';
import { ROWS_AT_ONCE } from './count-in-pages.ts';
import { sqliteStore } from './open.ts';

const PAGES = 4;
/** Some more than fit into whole pages. */
const GRANTS = PAGES * ROWS_AT_ONCE + 7;

const FILL = `WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :grants)
  INSERT INTO grants (id, client, params, generation, epoch, state, cause, since_ms, sealed, lookup, issued_at_ms,
      access_expires_at_ms, refresh_expires_at_ms, fence, sends, failures, due_at_ms, due_rank, is_at_risk)
    SELECT printf('g%08d', i), 'cars', '{}', 1, 1, :state, :cause, i / 3, CAST('1keys' AS BLOB), randomblob(32), 0, 0,
      1000 + i / 3, 0, 0, 0, 1000 + i / 3, 2, 0 FROM n`;

/** How many turns of the event loop others get while a question is answered. */
const turnsDuring = async <Result>(question: () => Promise<Result>): Promise<[Result, number]> => {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    if (isOver) return;
    turns += 1;
    setImmediate(count);
  };
  setImmediate(count);
  const result = await question();
  isOver = true;
  return [result, turns];
};

const openFilled = async (
  directory: string,
  state: 'active' | 'dead' | 'uncertain',
  cause: string | null,
): Promise<Store> => {
  const path = join(directory, `${state}.db`);
  const store = await sqliteStore(path)(systemClock);
  const database = new DatabaseSync(path);
  database.exec('PRAGMA synchronous = OFF');
  database.prepare(FILL).run({ grants: GRANTS, state, cause });
  database.exec(
    "INSERT INTO connections (name, grant_id, client) SELECT 'vin:' || id, id, client FROM grants",
  );
  database.close();
  return store;
};

describe('a store with more grants than may be read at once', () => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-large-'));
  const opened: Record<string, Store> = {};
  before(async () => {
    opened['active'] = await openFilled(directory, 'active', null);
    opened['dead'] = await openFilled(directory, 'dead', 'revoked');
    opened['uncertain'] = await openFilled(directory, 'uncertain', null);
  });
  after(async () => {
    for (const store of Object.values(opened)) await store.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const storeOf = (state: string): Store => opened[state] ?? assert.fail();
  const span = { fromMs: 1000, untilMs: 1e9, stepMs: 1000 };
  const expected = Array.from({ length: Math.ceil(GRANTS / 3000) }, (_, step) => ({
    step,
    grants: Math.min(3000, GRANTS - step * 3000),
  }));

  it('others get a turn after each page while ends and due times are counted', async () => {
    const store = storeOf('active');
    for (const question of [
      () => store.endSteps('cars', span),
      () => store.dueSteps({ client: 'cars', rank: 2 }, span),
    ]) {
      const [steps, turns] = await turnsDuring(question);
      assert.deepEqual(steps, expected);
      assert.ok(turns >= PAGES, `${turns} turns`);
    }
  });

  it('others get a turn while deaths are counted, and while a state is looked for by name', async () => {
    const [deaths, turns] = await turnsDuring(() => storeOf('dead').deathsSince(10));
    assert.deepEqual(deaths, { revoked: GRANTS - 30 });
    assert.ok(turns >= PAGES - 1, `${turns} turns`);
    const nearEnd = { state: 'active', after: `vin:g000${GRANTS - 3}`, limit: 9 } as const;
    assert.equal((await storeOf('active').list(nearEnd)).length, 2);
    const [all, looking] = await turnsDuring(() =>
      storeOf('active').list({ ...nearEnd, after: '', limit: GRANTS }),
    );
    assert.equal(all.length, GRANTS);
    assert.ok(looking >= PAGES, `${looking} turns`);
    assert.deepEqual(await storeOf('active').list({ state: 'inflight', limit: 9 }), []);
    const two = await storeOf('dead').list({ state: 'dead', after: 'vin:g00000099', limit: 2 });
    assert.deepEqual(
      two.map(({ name }) => name),
      ['vin:g00000100', 'vin:g00000101'],
    );
    const last = await storeOf('dead').list({
      state: 'dead',
      client: 'cars',
      after: `vin:g${GRANTS - 2}`,
      limit: 9,
    });
    assert.equal(last.length, 0);
  });

  it('the newest and the oldest in trouble are read without the others, and counts without any', async () => {
    const store = storeOf('uncertain');
    const [oldest] = await store.listByAge('uncertain', 'oldest', 1);
    const [newest] = await store.listByAge('uncertain', 'newest', 1);
    assert.deepEqual([oldest?.grant.sinceMs, newest?.grant.sinceMs], [0, Math.floor((GRANTS - 1) / 3)]);
    assert.equal((await store.figures(['cars'])).unsureSinceMs, 0);
    assert.equal((await store.counts()).connections, GRANTS);
    await store.disconnect('vin:g00000001');
    assert.equal((await store.counts()).connections, GRANTS - 1);
  });

  it('rows under other keys are looked for page by page', async () => {
    const store = storeOf('active');
    let looks = 0;
    let found = 0;
    for (let from: string | undefined = ''; from !== undefined; looks++) {
      const page: Awaited<ReturnType<Store['grantsUnderOtherKeys']>> = await store.grantsUnderOtherKeys(
        Buffer.from('keys'),
        from,
        ROWS_AT_ONCE,
      );
      found += page.rows.length;
      from = page.after;
    }
    assert.deepEqual([looks, found], [PAGES + 1, 0]);
  });
});
