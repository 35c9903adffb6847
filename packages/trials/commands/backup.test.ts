import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { consentOn, exchangeCode, VEHICLES } from '../support/consented-grant.ts';
import { runKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { DIALECTS, refreshAs, refusalOf } from '../support/refresh-request.ts';
import type { DialectName } from '../support/dialect-name.ts';
import {
  bytesOf,
  directoryFor,
  errorOf,
  grantFor,
  runOn,
  serverFor,
  setStrict,
} from '../support/test-directory.ts';

type Restored = {
  readonly clients: number;
  readonly grants: number;
  readonly rotationsKept: number;
  readonly revocationsKept: number;
  readonly reinstatementsKept: number;
  readonly clientsKeptDisabled: number;
  readonly grantsLost: readonly string[];
  readonly clientsLost: readonly string[];
};

const statusOf = async (server: KeyfobServer, grantId: string): Promise<string> =>
  (await server.command<{ status: string }>('grant', 'show', grantId)).status;

/** Refreshes several times in a row and answers the newest token. */
const refreshTimes = async (
  { url }: KeyfobServer,
  dialect: DialectName,
  client: MadeClient,
  { refreshToken }: MadeGrant,
  times: number,
): Promise<string> => {
  let token = refreshToken;
  for (let time = 0; time < times; time++) {
    const answer = await refreshAs[dialect](url, client, token);
    assert.equal(answer.status, 200, answer.text);
    token = answer.refreshToken;
  }
  return token;
};

describe('A backup that is made and restored while the server runs', () => {
  for (const dialect of DIALECTS) {
    test(`lets a ${dialect} client keep using its token`, async (t) => {
      const server = await serverFor(t);
      const file = join(directoryFor(t), 'backup.db');
      const { client, grant } = await grantFor(server, dialect);
      const first = await refreshTimes(server, dialect, client, grant, 1);
      await server.command('backup', file);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const newest = await refreshTimes(server, dialect, client, { ...grant, refreshToken: first }, 5);
      await server.command('restore', file);
      const next = await refreshAs[dialect](server.url, client, newest);
      assert.equal(next.status, 200, next.text);
      assert.doesNotMatch(server.log(), /"event":"refresh\.resynced"/);
    });

    test(`does not let a ${dialect} token that was used since work again`, async (t) => {
      const server = await serverFor(t);
      const file = join(directoryFor(t), 'backup.db');
      const { client, grant } = await grantFor(server, dialect);
      await setStrict(server, client);
      await server.command('backup', file);
      const used = await refreshTimes(server, dialect, client, grant, 1);
      await refreshTimes(server, dialect, client, { ...grant, refreshToken: used }, 2);
      const restored = await server.command<Restored>('restore', file);
      assert.equal(restored.rotationsKept, 1);
      const again = await refreshAs[dialect](server.url, client, used);
      assert.equal(again.status, 400, again.text);
      assert.equal(await statusOf(server, grant.grantId), 'revoked');
    });
  }

  test('keeps later revocations, disabled and removed clients, and removed secrets', async (t) => {
    const server = await serverFor(t);
    const file = join(directoryFor(t), 'backup.db');
    const revoked = await grantFor(server, 'smartcar');
    const disabled = await grantFor(server, 'pleos');
    const removed = await grantFor(server, 'smartcar');
    const rolled = await grantFor(server, 'smartcar');
    await server.command('backup', file);
    await server.command('grant', 'revoke', revoked.grant.grantId);
    await server.command('client', 'disable', disabled.client.clientId);
    await server.command('client', 'remove', removed.client.clientId, '--with-grants');
    const { secrets } = await server.command<{ secrets: { secretId: string }[] }>(
      'client',
      'secret',
      'list',
      rolled.client.clientId,
    );
    const added = await server.command<MadeClient>('client', 'secret', 'add', rolled.client.clientId);
    await server.command('client', 'secret', 'remove', rolled.client.clientId, secrets[0]?.secretId ?? '');
    const restored = await server.command<Restored>('restore', file);
    assert.equal(restored.revocationsKept, 1);
    assert.equal(restored.clientsKeptDisabled, 2);
    assert.equal(await statusOf(server, revoked.grant.grantId), 'revoked');
    const { url } = server;
    const byRevoked = await refreshAs.smartcar(url, revoked.client, revoked.grant.refreshToken);
    assert.equal(refusalOf(byRevoked), 'invalid_grant');
    const byDisabled = await refreshAs.pleos(url, disabled.client, disabled.grant.refreshToken);
    assert.equal(refusalOf(byDisabled), '401');
    const byRemoved = await refreshAs.smartcar(url, removed.client, removed.grant.refreshToken);
    assert.equal(refusalOf(byRemoved), 'invalid_client');
    const byOldSecret = await refreshAs.smartcar(url, rolled.client, rolled.grant.refreshToken);
    assert.equal(refusalOf(byOldSecret), 'invalid_client');
    const byNewSecret = await refreshAs.smartcar(url, added, rolled.grant.refreshToken);
    assert.equal(byNewSecret.status, 200, byNewSecret.text);
    await server.command('client', 'enable', removed.client.clientId);
    const again = await refreshAs.smartcar(url, removed.client, removed.grant.refreshToken);
    assert.equal(again.status, 200, again.text);
  });

  test('keeps later repairs: reinstated grants, enabled clients, changed policies', async (t) => {
    const server = await serverFor(t);
    const file = join(directoryFor(t), 'backup.db');
    const revoked = await grantFor(server, 'smartcar');
    const disabled = await grantFor(server, 'pleos');
    await server.command('grant', 'revoke', revoked.grant.grantId);
    await server.command('client', 'disable', disabled.client.clientId);
    await server.command('backup', file);
    await server.command('grant', 'reinstate', revoked.grant.grantId);
    await server.command('client', 'enable', disabled.client.clientId);
    await server.command('client', 'set', disabled.client.clientId, '--rotation', 'until-used');
    const restored = await server.command<Restored>('restore', file);
    assert.equal(restored.reinstatementsKept, 1);
    const byRevoked = await refreshAs.smartcar(server.url, revoked.client, revoked.grant.refreshToken);
    assert.equal(byRevoked.status, 200, byRevoked.text);
    const byDisabled = await refreshAs.pleos(server.url, disabled.client, disabled.grant.refreshToken);
    assert.equal(byDisabled.status, 200, byDisabled.text);
    const again = await refreshAs.pleos(server.url, disabled.client, disabled.grant.refreshToken);
    assert.equal(again.refreshToken, byDisabled.refreshToken);
  });

  test('keeps later disconnections of vehicles, and the list that an access token gets', async (t) => {
    const server = await serverFor(t);
    const file = join(directoryFor(t), 'backup.db');
    const client = await server.command<MadeClient>('client', 'create', '--dialect', 'smartcar');
    const [one, two] = VEHICLES;
    const code = await consentOn(server, 'smartcar', client);
    const { accessToken } = await exchangeCode.smartcar(server.url, client, code);
    const headers = { Authorization: `Bearer ${accessToken}` };
    const ask = (method: string, path: string) => fetch(`${server.url}/v2.0${path}`, { method, headers });
    await server.command('backup', file);
    assert.equal((await ask('DELETE', `/vehicles/${one.id}/application`)).status, 200);
    await server.command('restore', file);
    const { vehicles } = (await (await ask('GET', '/vehicles')).json()) as { vehicles: string[] };
    assert.deepEqual(vehicles, [two.id]);
    assert.equal((await ask('DELETE', `/vehicles/${two.id}/application`)).status, 200);
    await server.command('restore', file);
    assert.equal((await ask('GET', '/vehicles')).status, 401);
  });

  test('waits its turn while clients refresh without a pause, and no client is refused', async (t) => {
    const server = await serverFor(t);
    const file = join(directoryFor(t), 'backup.db');
    const held = await Promise.all(Array.from({ length: 4 }, () => grantFor(server, 'smartcar')));
    await server.command('backup', file);
    const load = { isOver: false };
    const loads = held.map(async ({ client, grant }) => {
      let token = grant.refreshToken;
      while (!load.isOver) {
        const answer = await refreshAs.smartcar(server.url, client, token);
        assert.ok(answer.status === 200 || answer.status === 503, answer.text);
        if (answer.status === 200) token = answer.refreshToken;
      }
    });
    try {
      for (let time = 0; time < 5; time++) await server.spawnCommand('restore', file);
    } finally {
      load.isOver = true;
      await Promise.all(loads);
    }
  });

  test('lists the grants and clients that are newer than the backup', async (t) => {
    const server = await serverFor(t);
    const file = join(directoryFor(t), 'backup.db');
    await grantFor(server, 'smartcar');
    await server.command('backup', file);
    const late = await grantFor(server, 'pleos');
    const restored = await server.command<Restored>('restore', file);
    assert.deepEqual(restored.grantsLost, [late.grant.grantId]);
    assert.deepEqual(restored.clientsLost, [late.client.clientId]);
    assert.equal(restored.grants, 1);
    const answer = await refreshAs.pleos(server.url, late.client, late.grant.refreshToken);
    assert.equal(refusalOf(answer), '401');
  });
});

describe('A restore without a store to replace', () => {
  test('creates the store from the backup, warns about what it cannot know, and resynchronises within resync-generations', async (t) => {
    const server = await serverFor(t);
    const file = join(directoryFor(t), 'backup.db');
    const { client, grant } = await grantFor(server, 'smartcar');
    await server.command('client', 'set', client.clientId, '--resync-generations', '2');
    await server.command('backup', file);
    const newest = await refreshTimes(server, 'smartcar', client, grant, 3);
    await server.stop();
    for (const name of readdirSync(server.dataDirectory)) {
      if (name.startsWith('keyfob.db')) rmSync(join(server.dataDirectory, name));
    }
    const ended = await runOn(server.dataDirectory, 'restore', file);
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(
      ended.stdout,
      /could not be read.*revoked, disconnected, disabled, removed or changed since.*A refresh token that was used since works again/,
    );
    const later = await serverFor(t, { dataDirectory: server.dataDirectory });
    const refused = await refreshAs.smartcar(later.url, client, newest);
    assert.equal(refusalOf(refused), 'invalid_grant');
    assert.equal(await statusOf(later, grant.grantId), 'active');
    await later.command('client', 'set', client.clientId, '--resync-generations', '3');
    const taken = await refreshAs.smartcar(later.url, client, newest);
    assert.equal(taken.status, 200, taken.text);
    assert.match(later.log(), /"event":"refresh\.resynced".*"lostGenerations":3/);
  });

  test('keeps a copy of a damaged store with --replace-damaged, and refuses without it', async (t) => {
    const server = await serverFor(t);
    const file = join(directoryFor(t), 'backup.db');
    const { client, grant } = await grantFor(server, 'smartcar');
    await server.command('backup', file);
    await server.stop();
    const store = join(server.dataDirectory, 'keyfob.db');
    truncateSync(store, 4096 + 2048);
    const refused = await runOn(server.dataDirectory, 'restore', file, '--json');
    assert.equal(refused.code, 1);
    assert.equal(errorOf(refused).code, 'store_damaged');
    const ended = await runOn(server.dataDirectory, 'restore', file, '--replace-damaged');
    assert.equal(ended.code, 0, ended.stderr);
    assert.ok(readdirSync(server.dataDirectory).some((name) => name.startsWith('keyfob.db.damaged-')));
    const later = await serverFor(t, { dataDirectory: server.dataDirectory });
    const answer = await refreshAs.smartcar(later.url, client, grant.refreshToken);
    assert.equal(answer.status, 200, answer.text);
  });
});

describe('A backup or restore that fails', () => {
  test('changes nothing: the file exists, is missing, is not a backup, or belongs to other keys', async (t) => {
    const server = await serverFor(t);
    await grantFor(server, 'smartcar');
    const folder = directoryFor(t);
    const file = join(folder, 'backup.db');
    await server.command('backup', file);
    await server.stop();
    const before = bytesOf(server.dataDirectory);
    const exists = await runOn(server.dataDirectory, 'backup', file, '--json');
    assert.equal(errorOf(exists).code, 'backup_exists');
    const missing = await runOn(server.dataDirectory, 'restore', join(folder, 'no.db'), '--json');
    assert.equal(errorOf(missing).code, 'backup_missing');
    writeFileSync(join(folder, 'text.db'), 'no database\n'.repeat(100));
    const none = await runOn(server.dataDirectory, 'restore', join(folder, 'text.db'), '--json');
    assert.equal(errorOf(none).code, 'backup_unreadable');
    assert.deepEqual(bytesOf(server.dataDirectory), before);
    const other = await serverFor(t);
    const foreign = await runKeyfob(['restore', file, '--data', other.dataDirectory, '--json']);
    assert.equal(errorOf(foreign).code, 'key_wrong');
    for (const { code } of [exists, missing, none, foreign]) assert.equal(code, 1);
    assert.equal(existsSync(`${file}.part`), false);
  });
});
