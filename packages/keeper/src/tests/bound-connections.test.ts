import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import type { Keeper } from '../keeper.ts';
import { keysOf, open, pair } from './open-keeper.cases.ts';
import { sqliteStore } from '../stores/sqlite/open.ts';

const UNBOUND = { name: 'KeeperError', code: 'connection_unbound' };
const OTHER_KEYS = { name: 'KeeperError', code: 'key_unknown' };

/** What takes the name of a connection. */
const everyVerb = (keeper: Keeper): readonly (() => Promise<unknown>)[] => [
  () => keeper.token('mine'),
  () => keeper.tryToken('mine'),
  () => keeper.refresh('mine'),
  () => keeper.disconnect('mine'),
  () => keeper.inspect('mine'),
  () => keeper.timeline('mine'),
];

describe('the row of a connection', () => {
  const directory = mkdtempSync(join(tmpdir(), 'keeper-bound-'));
  const file = join(directory, 'keeper.db');
  after(() => rmSync(directory, { recursive: true, force: true }));
  /** Somebody who can write the database, and has no key. */
  const write = (statement: string, ...values: SQLInputValue[]): void => {
    const database = new DatabaseSync(file);
    database.prepare(statement).run(...values);
    database.close();
  };
  const openHere = (...keys: number[]) =>
    open(pair, { store: sqliteStore(file), keys: keysOf(...keys), isOnlyCopy: true });
  const POINT = `UPDATE connections SET grant_id = (SELECT grant_id FROM connections WHERE name = ?)
    WHERE name = 'mine'`;
  const SWAP = `UPDATE connections SET binding = (SELECT binding FROM connections WHERE name = 'yours'),
    grant_id = (SELECT grant_id FROM connections WHERE name = 'yours') WHERE name = 'mine'`;

  it('that points at another grant has no token, and nothing is sent or lost', async () => {
    const { keeper, sent } = await openHere(1);
    for (const name of ['mine', 'yours']) await keeper.put(name, 'cars', { refreshToken: name });
    const before = await keeper.inspect('mine');
    for (const statement of [SWAP, "UPDATE connections SET binding = NULL WHERE name = 'mine'"]) {
      write(statement);
      for (const asked of everyVerb(keeper)) await assert.rejects(asked, UNBOUND);
    }
    write('UPDATE deployment SET key_check = NULL');
    await keeper.close();
    const { keeper: again, sent: later } = await openHere(1);
    for (const asked of everyVerb(again)) await assert.rejects(asked, UNBOUND);
    assert.deepEqual([sent, later], [[], []]);
    const lists = await again.bindConnections();
    assert.deepEqual(lists, { bound: 0, refused: ['mine'] });
    assert.equal(await again.put('mine', 'cars', { refreshToken: 'mine' }), 'linked');
    assert.deepEqual(await again.inspect('mine'), before);
    await again.close();
  });

  it('stays bound through a change of keys, and one that is wrong stays refused until it is accepted', async () => {
    const { keeper } = await openHere(2, 1);
    write(POINT, 'yours');
    await keeper.rekey();
    await keeper.close();
    const { keeper: next } = await openHere(2);
    assert.equal((await next.inspect('yours'))?.name, 'yours');
    for (const asked of everyVerb(next)) await assert.rejects(asked, OTHER_KEYS);
    assert.deepEqual(await next.bindConnections({ accepted: ['mine'] }), { bound: 1, refused: [] });
    assert.equal(await next.token('mine'), await next.token('yours'));
    await next.close();
  });

  it('that names a key which this keeper lacks is not written anew: its grant may have the same token', async () => {
    const { keeper: before } = await openHere(3, 1, 2);
    await before.rekey();
    await before.close();
    const { keeper: old } = await openHere(3);
    const { keeper: next } = await openHere(4, 3);
    await next.put('both', 'cars', { refreshToken: 'same' });
    await assert.rejects(old.put('both', 'cars', { refreshToken: 'same' }), OTHER_KEYS);
    await assert.rejects(old.token('both'), OTHER_KEYS);
    const [row] = await old.putMany([{ name: 'both', client: 'cars', tokens: { refreshToken: 'same' } }]);
    assert.equal(row?.status === 'refused' && row.code, 'key_unknown');
    assert.equal(await next.put('both', 'cars', { refreshToken: 'same' }), 'known');
    await Promise.all([old.close(), next.close()]);
  });
});
