import assert from 'node:assert/strict';
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { StoreError, openKeeper, parseKeys, sqliteStore } from '@keyfob/keeper';
import type { Keeper, KeeperOptions, StoreOpener } from '@keyfob/keeper';
import { runFirst, runWhole } from './crash/first-process.ts';
import { openCounterpart, requestsOf } from './crash/counterpart.ts';
import type { Counterpart, ServerKind } from './crash/counterpart.ts';
import { FAST, KEYS, clientOfData } from './kept-world.ts';

type Bench = {
  readonly server: Counterpart;
  readonly directory: string;
  readonly file: string;
  open(options?: Partial<KeeperOptions>): Promise<Keeper>;
};

/** A server, and a directory for stores. */
const benchFor = async (scope: TestContext, kind: ServerKind): Promise<Bench> => {
  const server = await openCounterpart(kind);
  const directory = mkdtempSync(join(tmpdir(), 'keeper-'));
  const file = join(directory, 'keeper.db');
  const keepers: Keeper[] = [];
  scope.after(async () => {
    await Promise.all(keepers.map((keeper) => keeper.close({ waitMs: 500 })));
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    server,
    directory,
    file,
    async open(options = {}) {
      const clients = { cars: clientOfData(server.client) };
      const store = sqliteStore(file);
      const keeper = await openKeeper({
        store,
        keys: KEYS,
        clients,
        timing: FAST,
        isScheduling: false,
        ...options,
      });
      keepers.push(keeper);
      return keeper;
    },
  };
};

/** The real store, which takes no pair while `isAway` says so. */
const refusingStore =
  (file: string, isAway: () => boolean): StoreOpener =>
  async (clock) => {
    const store = await sqliteStore(file)(clock);
    return {
      ...store,
      async settle(grantId, seen, settlement) {
        if (isAway() && settlement.pair !== undefined)
          throw new StoreError('unavailable', 'the disk is full');
        return store.settle(grantId, seen, settlement);
      },
    };
  };

describe('a store that refuses the new pair', () => {
  it('the caller gets the token, and the pair is stored when the store is back', async (scope) => {
    const bench = await benchFor(scope, 'punishing');
    let isAway = true;
    const keeper = await bench.open({ store: refusingStore(bench.file, () => isAway) });
    await keeper.put('car', 'cars', { refreshToken: await bench.server.newGrant() });
    const { status } = await keeper.tryToken('car');
    assert.equal(status, 'ok');
    isAway = false;
    await keeper.close();
    const again = await bench.open();
    const token = await again.token('car');
    assert.equal(bench.server.requests().length, 1);
    assert.notEqual(await again.token('car', { rejected: token }), token);
  });

  it('a process that dies before loses nothing: the next one finds the pair in the spool', async (scope) => {
    const bench = await benchFor(scope, 'punishing');
    const keeper = await bench.open({ store: refusingStore(bench.file, () => true) });
    await keeper.put('car', 'cars', { refreshToken: await bench.server.newGrant() });
    assert.equal((await keeper.tryToken('car')).status, 'ok');
    await keeper.close({ waitMs: 0 });
    const again = await bench.open();
    assert.equal((await again.tryToken('car')).status, 'ok');
    assert.equal(bench.server.requests().length, 1);
    assert.deepEqual(
      (await again.inspect('car'))?.attempts.map(({ generation }) => generation),
      [1],
    );
  });

  it('a program that does not know the client leaves the pair in the spool', async (scope) => {
    const bench = await benchFor(scope, 'punishing');
    const keeper = await bench.open({ store: refusingStore(bench.file, () => true) });
    await keeper.put('car', 'cars', { refreshToken: await bench.server.newGrant() });
    assert.equal((await keeper.tryToken('car')).status, 'ok');
    await keeper.close({ waitMs: 0 });
    abandonSpools(`${bench.file}.spool`);
    await (await bench.open({ clients: { vans: clientOfData(bench.server.client) } })).close();
    const again = await bench.open();
    assert.equal((await again.tryToken('car')).status, 'ok');
    assert.equal(bench.server.requests().length, 1);
  });
});

/** Makes spools look like those of a process that has ended: their names say when it was started. */
const abandonSpools = (directory: string): void => {
  for (const name of readdirSync(directory)) {
    const [random, pid, , place] = Buffer.from(name.replace('.spool', ''), 'base64url').toString().split('|');
    const owner = Buffer.from([random, pid, '1', place].join('|')).toString('base64url');
    renameSync(join(directory, name), join(directory, `${owner}.spool`));
  }
};

describe('a store whose file was deleted or replaced under a running keeper', () => {
  for (const how of ['deleted', 'replaced'] as const)
    it(`${how}: no token is spent, nothing is put, and the keeper closes`, async (scope) => {
      const bench = await benchFor(scope, 'punishing');
      const keeper = await bench.open();
      await keeper.put('car', 'cars', { refreshToken: await bench.server.newGrant() });
      const copy = readFileSync(bench.file);
      rmSync(bench.file);
      if (how === 'replaced') writeFileSync(bench.file, copy);
      const result = await keeper.tryToken('car');
      assert.equal(result.status === 'unavailable' && result.reason, 'store_unavailable');
      await assert.rejects(keeper.put('other', 'cars', { refreshToken: 'other' }), { name: 'StoreError' });
      assert.equal(bench.server.requests().length, 0);
      await keeper.turn();
      await keeper.close();
    });

  it('and its whole folder too: the keeper closes', async (scope) => {
    const bench = await benchFor(scope, 'punishing');
    const file = join(bench.directory, 'deeper', 'keeper.db');
    const keeper = await bench.open({ store: sqliteStore(file) });
    await keeper.put('car', 'cars', { refreshToken: await bench.server.newGrant() });
    rmSync(join(bench.directory, 'deeper'), { recursive: true });
    await keeper.turn();
    await keeper.close();
  });
});

describe('a process that stops for longer than its lease', () => {
  it('sends nothing when it goes on', async (scope) => {
    const bench = await benchFor(scope, 'punishing');
    const keeper = await bench.open({ isScheduling: true });
    await keeper.put('car', 'cars', { refreshToken: await bench.server.newGrant() });
    const { file, server } = bench;
    const first = await runFirst({
      store: { kind: 'sqlite', file },
      client: server.client,
      at: 'connected',
      signal: 'SIGSTOP',
    });
    assert.equal((await keeper.tryToken('car', { waitMs: 60_000 })).status, 'ok');
    const before = server.requests().length;
    first.resume();
    await first.ended;
    assert.equal(server.requests().length, before);
    assert.equal((await keeper.tryToken('car')).status, 'ok');
  });

  it('and an answer that it brings late is stored, although the grant was believed dead', async (scope) => {
    // Only the answer is late: the token was used, and its successor lives until somebody is punished for asking again.
    const bench = await benchFor(scope, 'smartcar-strict');
    const keeper = await bench.open({ isScheduling: true });
    const events: string[] = [];
    keeper.on('*', ({ event }) => void events.push(event.kind));
    await keeper.put('car', 'cars', { refreshToken: await bench.server.newGrant() });
    const { file, server } = bench;
    const first = await runFirst({
      store: { kind: 'sqlite', file },
      client: server.client,
      at: 'answered',
      signal: 'SIGSTOP',
    });
    const result = await keeper.tryToken('car', { waitMs: 60_000 });
    assert.equal(result.status, 'needs_consent');
    first.resume();
    await first.ended;
    assert.equal((await keeper.tryToken('car')).status, 'ok');
    await keeper.turn();
    assert.deepEqual(events, ['at_risk', 'needs_consent', 'recovered']);
  });
});

describe('a process that was stopped with the answer in its hands', () => {
  it('takes nothing away from another one, which has sent the token again and waits', async (scope) => {
    // The repeat ends the pair that the stopped process has. It waits; only the answer to the last send counts.
    const bench = await benchFor(scope, 'last-pair-only');
    const { file, server } = bench;
    const keeper = await bench.open({ isScheduling: true });
    await keeper.put('car', 'cars', { refreshToken: await server.newGrant() });
    const first = await runFirst({
      store: { kind: 'sqlite', file },
      client: server.client,
      at: 'answered',
      signal: 'SIGSTOP',
    });
    server.arm('hang_after');
    const asking = keeper.tryToken('car', { waitMs: 60_000 });
    await requestsOf(server, 2);
    first.resume();
    await first.ended;
    const result = await asking;
    const rejected = result.status === 'ok' ? result.accessToken : '';
    assert.equal(result.status, 'ok');
    assert.equal((await keeper.tryToken('car', { rejected, waitMs: 60_000 })).status, 'ok');
  });
});

const prepare = async (scope: TestContext): Promise<Bench> => {
  const bench = await benchFor(scope, 'punishing');
  const keeper = await bench.open();
  await keeper.put('car', 'cars', { refreshToken: await bench.server.newGrant() });
  await keeper.close();
  return bench;
};
const isQuiet = async (bench: Bench, keeper: Keeper, reason: string): Promise<void> => {
  assert.equal(keeper.quarantine(), reason);
  const result = await keeper.tryToken('car', { waitMs: 100 });
  assert.equal(result.status, 'unavailable');
  await keeper.turn();
  assert.equal(bench.server.requests().length, 0);
};

describe('a program that does nothing but ask', () => {
  it('stays alive while it waits for a retry', async (scope) => {
    const bench = await benchFor(scope, 'punishing');
    const keeper = await bench.open();
    await keeper.put('car', 'cars', { refreshToken: await bench.server.newGrant() });
    await keeper.close();
    bench.server.arm('reset_before');
    const { code, printed } = await runWhole({
      store: { kind: 'sqlite', file: bench.file },
      client: bench.server.client,
      signal: 'SIGKILL',
    });
    assert.equal(code, 0);
    assert.match(printed, /"status":"ok"/);
  });
});

describe('a store that was copied or put back', () => {
  it('a copy of the file sends nothing', async (scope) => {
    const bench = await prepare(scope);
    const copy = join(bench.directory, 'copy.db');
    copyFileSync(bench.file, copy);
    await isQuiet(bench, await bench.open({ store: sqliteStore(copy) }), 'store_copied');
  });

  it('a copy of the whole folder sends nothing', async (scope) => {
    const bench = await prepare(scope);
    const copy = mkdtempSync(join(tmpdir(), 'keeper-copy-'));
    scope.after(() => rmSync(copy, { recursive: true }));
    cpSync(bench.directory, copy, { recursive: true });
    await isQuiet(bench, await bench.open({ store: sqliteStore(join(copy, 'keeper.db')) }), 'store_copied');
  });

  it('a file put back from before sends nothing, until somebody says that it is the only one', async (scope) => {
    const bench = await prepare(scope);
    const backup = readFileSync(bench.file);
    const keeper = await bench.open();
    await keeper.put('other', 'cars', { refreshToken: await bench.server.newGrant() });
    await keeper.close();
    writeFileSync(bench.file, backup);
    await isQuiet(bench, await bench.open(), 'store_restored');
    const only = await bench.open({ isOnlyCopy: true });
    assert.equal((await only.tryToken('car')).status, 'ok');
    await only.close();
    assert.equal((await bench.open()).quarantine(), undefined);
  });

  it('a start without a copy is no reason', async (scope) => {
    const bench = await prepare(scope);
    assert.equal((await bench.open()).quarantine(), undefined);
  });
});

describe('what is on disk', () => {
  it('holds no token in clear, and is for this user only', async (scope) => {
    const bench = await benchFor(scope, 'another-pair');
    const refreshToken = await bench.server.newGrant();
    const log: string[] = [];
    const store = refusingStore(bench.file, () => true);
    const keeper = await bench.open({ store, log: (event) => log.push(JSON.stringify(event)) });
    await keeper.put('car', 'cars', { refreshToken });
    const accessToken = await keeper.token('car');
    await keeper.close({ waitMs: 0 });
    const files = readdirSync(bench.directory, { recursive: true, encoding: 'utf8' })
      .map((name) => join(bench.directory, name))
      .filter((path) => statSync(path).isFile());
    assert.ok(files.some((path) => path.includes('.spool')));
    for (const path of files) {
      const content = readFileSync(path);
      for (const secret of [refreshToken, accessToken]) assert.ok(!content.includes(secret), path);
      assert.equal(statSync(path).mode & 0o077, 0, path);
    }
    for (const secret of [refreshToken, accessToken]) assert.ok(!log.join('').includes(secret));
  });

  it('cannot be opened with another key', async (scope) => {
    const bench = await benchFor(scope, 'punishing');
    await (await bench.open()).close();
    const keys = parseKeys([Buffer.alloc(32, 8).toString('base64url')]);
    await assert.rejects(bench.open({ keys }), { code: 'key_wrong' });
    const both = parseKeys([8, 7].map((byte) => Buffer.alloc(32, byte).toString('base64url')));
    await (await bench.open({ keys: both })).close();
  });
});
