import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { removeDataDirectory, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { refreshAs, refreshPleos, refreshSmartcar, refusalOf } from '../support/refresh-request.ts';
import { grantFor } from '../support/test-directory.ts';

/** Between two moments in ISO 8601. */
const secondsBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

describe('While a server runs, every command takes effect with the next request', () => {
  let server: KeyfobServer;
  before(async () => {
    server = await startKeyfob();
  });
  after(async () => {
    await server.kill();
    removeDataDirectory(server.dataDirectory);
  });

  test('a client and a grant created beside it are served at once, in both dialects', async () => {
    for (const dialect of ['smartcar', 'pleos'] as const) {
      const { client, grant } = await grantFor(server, dialect);
      const answer = await refreshAs[dialect](server.url, client, grant.refreshToken);
      assert.equal(answer.status, 200, answer.text);
      assert.notEqual(answer.refreshToken, grant.refreshToken);
    }
  });

  test('a disabled client is refused, and works again with its token when it is enabled', async () => {
    const { client, grant } = await grantFor(server, 'smartcar');
    const first = await refreshSmartcar(server.url, client, grant.refreshToken);
    await server.command('client', 'disable', client.clientId);
    const refused = await refreshSmartcar(server.url, client, first.refreshToken);
    assert.deepEqual([refused.status, refusalOf(refused)], [401, 'invalid_client']);
    await server.command('client', 'enable', client.clientId);
    assert.equal((await refreshSmartcar(server.url, client, first.refreshToken)).status, 200);
  });

  test('an added secret works beside the first, and a removed one stops working', async () => {
    const { client, grant } = await grantFor(server, 'pleos');
    const { clientId } = client;
    const first = await refreshPleos(server.url, client, grant.refreshToken);
    const added = await server.command<MadeClient & { readonly secretId: string }>(
      'client',
      'secret',
      'add',
      clientId,
    );
    const second = await refreshPleos(server.url, added, first.refreshToken);
    assert.equal(second.status, 200, second.text);
    const third = await refreshPleos(server.url, client, second.refreshToken);
    assert.equal(third.status, 200, third.text);
    await server.command('client', 'secret', 'remove', clientId, added.secretId);
    const refused = await refreshPleos(server.url, added, third.refreshToken);
    assert.deepEqual([refused.status, refusalOf(refused)], [400, '401']);
    assert.equal((await refreshPleos(server.url, client, third.refreshToken)).status, 200);
  });

  test('a secret works until it expires', async () => {
    const { client, grant } = await grantFor(server, 'smartcar');
    const secret = await server.command<MadeClient & { readonly expiresAt: string }>(
      'client',
      'secret',
      'add',
      client.clientId,
      '--expires-in-seconds',
      '2',
    );
    const expiresAt = Date.parse(secret.expiresAt) / 1000;
    const ended: number[] = [];
    let token = grant.refreshToken;
    for (;;) {
      const startedAt = Math.floor(Date.now() / 1000);
      const answer = await refreshSmartcar(server.url, secret, token);
      const answeredAt = Math.floor(Date.now() / 1000);
      if (answer.status === 200) {
        assert.ok(startedAt < expiresAt, 'it was let in after its end');
        token = answer.refreshToken;
      } else {
        assert.equal(answer.status, 401, answer.text);
        assert.ok(answeredAt >= expiresAt, 'it was refused before its end');
        ended.push(answeredAt);
        break;
      }
    }
    assert.equal(ended.length, 1);
    assert.equal((await refreshSmartcar(server.url, client, token)).status, 200);
  });

  test('a changed lifetime of access tokens appears in expires_in', async () => {
    const { client, grant } = await grantFor(server, 'smartcar');
    const first = await refreshSmartcar(server.url, client, grant.refreshToken);
    assert.equal(first.body['expires_in'], 7200);
    await server.command('client', 'set', client.clientId, '--access-token-lifetime-seconds', '77');
    const second = await refreshSmartcar(server.url, client, first.refreshToken);
    assert.equal(second.body['expires_in'], 77);
  });

  test('a changed lifetime of refresh tokens appears if the client has that field enabled', async () => {
    const { client, grant } = await grantFor(server, 'smartcar');
    const first = await refreshSmartcar(server.url, client, grant.refreshToken);
    assert.ok(!('refresh_token_expires_in' in first.body));
    await server.command(
      'client',
      'set',
      client.clientId,
      '--include-refresh-expiry',
      'true',
      '--refresh-token-lifetime-seconds',
      '1234',
    );
    const second = await refreshSmartcar(server.url, client, first.refreshToken);
    assert.equal(second.body['refresh_token_expires_in'], 1234);
    const show = await server.command<{ rotatedAt: string; refreshTokenExpiresAt: string }>(
      'grant',
      'show',
      grant.grantId,
    );
    assert.equal(secondsBetween(show.rotatedAt, show.refreshTokenExpiresAt), 1234);
  });

  test('rotation and overlap-seconds decide whether a used token may be repeated', async () => {
    const { client, grant } = await grantFor(server, 'smartcar');
    const first = await refreshSmartcar(server.url, client, grant.refreshToken);
    const repeated = await refreshSmartcar(server.url, client, grant.refreshToken);
    assert.deepEqual([repeated.status, repeated.refreshToken], [200, first.refreshToken]);
    await server.command('client', 'set', client.clientId, '--overlap-seconds', '0', '--race-seconds', '900');
    const raced = await refreshSmartcar(server.url, client, grant.refreshToken);
    assert.deepEqual([raced.status, refusalOf(raced)], [400, 'invalid_grant']);
    await server.command('client', 'set', client.clientId, '--overlap-seconds', '900');
    assert.equal(
      (await refreshSmartcar(server.url, client, grant.refreshToken)).refreshToken,
      first.refreshToken,
    );
    await server.command('client', 'set', client.clientId, '--rotation', 'strict');
    assert.equal((await refreshSmartcar(server.url, client, grant.refreshToken)).status, 400);
    await server.command('client', 'set', client.clientId, '--rotation', 'until-used');
    assert.equal(
      (await refreshSmartcar(server.url, client, grant.refreshToken)).refreshToken,
      first.refreshToken,
    );
    await server.command('client', 'set', client.clientId, '--rotation', 'none');
    const kept = await refreshSmartcar(server.url, client, first.refreshToken);
    assert.equal(kept.refreshToken, first.refreshToken);
  });

  test('race-seconds and on-replay decide the response to a replay', async () => {
    const { client, grant } = await grantFor(server, 'pleos');
    const set = ['client', 'set', client.clientId] as const;
    const statusOf = async (): Promise<string> =>
      (await server.command<{ status: string }>('grant', 'show', grant.grantId)).status;
    await refreshPleos(server.url, client, grant.refreshToken);
    await server.command(...set, '--race-seconds', '0', '--on-replay', 'observe');
    assert.equal((await refreshPleos(server.url, client, grant.refreshToken)).status, 400);
    assert.equal(await statusOf(), 'active');
    await server.command(...set, '--on-replay', 'refuse');
    assert.equal((await refreshPleos(server.url, client, grant.refreshToken)).status, 400);
    assert.equal(await statusOf(), 'active');
    await server.command(...set, '--on-replay', 'revoke', '--race-seconds', '900');
    assert.equal((await refreshPleos(server.url, client, grant.refreshToken)).status, 400);
    assert.equal(await statusOf(), 'active');
    await server.command(...set, '--race-seconds', '0');
    assert.equal((await refreshPleos(server.url, client, grant.refreshToken)).status, 400);
    assert.equal(await statusOf(), 'revoked');
  });

  test('require-user-agent decides whether a request without one is answered', async () => {
    const { client, grant } = await grantFor(server, 'pleos');
    const silent = { 'user-agent': '' };
    const first = await refreshPleos(server.url, client, grant.refreshToken, silent);
    assert.equal(first.status, 200, first.text);
    await server.command('client', 'set', client.clientId, '--require-user-agent', 'true');
    const refused = await refreshPleos(server.url, client, first.refreshToken, silent);
    assert.deepEqual([refused.status, refusalOf(refused)], [400, '4002']);
    assert.match(refused.text, /User-Agent/);
    assert.equal((await refreshPleos(server.url, client, first.refreshToken)).status, 200);
  });

  test('dead-token-code is the code of a dead token on the Pleos wire', async () => {
    const { client, grant } = await grantFor(server, 'pleos');
    await server.command('grant', 'revoke', grant.grantId);
    for (const code of ['401', '403', '4011', '4002']) {
      await server.command('client', 'set', client.clientId, '--dead-token-code', code);
      const refused = await refreshPleos(server.url, client, grant.refreshToken);
      assert.deepEqual([refused.status, refusalOf(refused)], [400, code]);
    }
  });

  test('resync-generations and grant-lifetime-seconds are stored and shown', async () => {
    const { client, grant } = await grantFor(server, 'smartcar');
    await server.command(
      'client',
      'set',
      client.clientId,
      '--resync-generations',
      '0',
      '--grant-lifetime-seconds',
      '60',
    );
    const { policy } = await server.command<{ policy: Record<string, unknown> }>(
      'client',
      'show',
      client.clientId,
    );
    assert.deepEqual([policy['resyncGenerations'], policy['grantLifetimeSeconds']], [0, 60]);
    const show = await server.command<{ createdAt: string; grantExpiresAt: string }>(
      'grant',
      'show',
      grant.grantId,
    );
    assert.equal(secondsBetween(show.createdAt, show.grantExpiresAt), 60);
    await server.command('client', 'set', client.clientId, '--grant-lifetime-seconds', 'none');
    const endless = await server.command<{ grantExpiresAt: null }>('grant', 'show', grant.grantId);
    assert.equal(endless.grantExpiresAt, null);
  });

  test('a revoked grant is dead, and a reinstated one works with its newest token', async () => {
    for (const dialect of ['smartcar', 'pleos'] as const) {
      const { client, grant } = await grantFor(server, dialect);
      const first = await refreshAs[dialect](server.url, client, grant.refreshToken);
      await server.command('grant', 'revoke', grant.grantId);
      const refused = await refreshAs[dialect](server.url, client, first.refreshToken);
      assert.equal(refused.status, 400);
      assert.ok(['invalid_grant', '4002'].includes(refusalOf(refused)), refused.text);
      await server.command('grant', 'reinstate', grant.grantId);
      const again = await refreshAs[dialect](server.url, client, first.refreshToken);
      assert.equal(again.status, 200, again.text);
    }
  });

  test('a removed client is unknown, and the grants of another client are unaffected', async () => {
    const gone = await grantFor(server, 'smartcar');
    const stays = await grantFor(server, 'smartcar');
    assert.equal((await refreshSmartcar(server.url, gone.client, gone.grant.refreshToken)).status, 200);
    await server.command('client', 'remove', gone.client.clientId, '--with-grants');
    const refused = await refreshSmartcar(server.url, gone.client, gone.grant.refreshToken);
    assert.deepEqual([refused.status, refusalOf(refused)], [401, 'invalid_client']);
    const more = await server.command<MadeGrant>(
      'grant',
      'create',
      '--client',
      stays.client.clientId,
      '--subject',
      'owner-2',
    );
    for (const token of [stays.grant.refreshToken, more.refreshToken])
      assert.equal((await refreshSmartcar(server.url, stays.client, token)).status, 200);
  });
});
