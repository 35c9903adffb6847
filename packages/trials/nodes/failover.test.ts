import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makePostgresHome } from '../support/server-store.ts';
import { startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { refreshSmartcar, refusalOf } from '../support/refresh-request.ts';
import type { Answer } from '../support/refresh-request.ts';
import { grantFor, setStrict } from '../support/test-directory.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { addStandby } from '../support/postgres/standby.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';

/** A client with one grant, and every refresh token it has received, oldest first. */
type Holder = { readonly client: MadeClient; readonly grant: MadeGrant; readonly tokens: string[] };

const started = await startCluster();
const what = 'a failover to an asynchronous standby that lacks the newest writes';
if ('reason' in started) test(what, { skip: started.reason }, () => {});
else describe(what, () => tryFailover(started));

/**
 * What a failover to an asynchronous standby costs. A resync restores the generation of a grant, because the client's
 * token holds it. Everything else in the lost writes is gone, and these tests show the consequences.
 */
function tryFailover(first: Cluster): void {
  let address: Awaited<ReturnType<typeof openWireProxy>>;
  let home: Awaited<ReturnType<typeof makePostgresHome>>;
  let promoted: Cluster;
  let server: KeyfobServer;
  let refreshed: Holder;
  let revoked: Holder;
  let disabled: Holder;
  let robbed: Holder;
  let tooNew: Holder;
  let ofTooNewClient: Holder;

  const hold = async (): Promise<Holder> => {
    const made = await grantFor(server, 'smartcar');
    await setStrict(server, made.client);
    return { ...made, tokens: [made.grant.refreshToken] };
  };
  const grantOf = async (client: MadeClient): Promise<Holder> => {
    const words = ['--client', client.clientId, '--subject', 'owner-2'];
    const grant = await server.command<MadeGrant>('grant', 'create', ...words);
    return { client, grant, tokens: [grant.refreshToken] };
  };
  const present = async ({ client, tokens }: Holder, token = tokens.at(-1) ?? ''): Promise<Answer> => {
    const answer = await refreshSmartcar(server.url, client, token);
    if (answer.status === 200) tokens.push(answer.refreshToken);
    return answer;
  };
  const isAnswered = async (holder: Holder, token?: string): Promise<void> => {
    const answer = await present(holder, token);
    assert.equal(answer.status, 200, answer.text);
  };
  const isRefused = async (holder: Holder, status: number, code: string, token?: string): Promise<void> => {
    const answer = await present(holder, token);
    assert.deepEqual([answer.status, refusalOf(answer)], [status, code], answer.text);
  };
  const countResynced = (): number => server.log().split('"refresh.resynced"').length - 1;

  before(async () => {
    address = await openWireProxy(first.port);
    home = await makePostgresHome(first, address.port);
    server = await startKeyfob(home);
    [refreshed, revoked, disabled, robbed] = [await hold(), await hold(), await hold(), await hold()];
    for (const holder of [refreshed, revoked, disabled, robbed]) await isAnswered(holder);
    const standby = await addStandby(first, 'asynchronous');
    promoted = standby.cluster;

    standby.replicate(false);
    for (const holder of [refreshed, revoked, robbed]) await isAnswered(holder);
    for (let times = 0; times < 3; times++) {
      await isAnswered(refreshed);
      await isAnswered(robbed);
    }
    await server.command('grant', 'revoke', revoked.grant.grantId);
    await isRefused(revoked, 400, 'invalid_grant');
    ofTooNewClient = await hold();
    tooNew = await grantOf(refreshed.client);

    await server.command('client', 'disable', disabled.client.clientId);

    await first.kill();
    await standby.promote();
    address.redirect(promoted.port);
  });
  after(async () => {
    await server.stop();
    await address.close();
    await promoted.remove();
    await home.remove();
  });

  test('A grant that was refreshed in the lost writes resynchronizes from its newest token, and its client notices nothing.', async () => {
    const lost = refreshed.tokens.at(-1);
    await isAnswered(refreshed);
    assert.equal(countResynced(), 1);
    await isAnswered(refreshed);
    assert.equal(new Set(refreshed.tokens).size, refreshed.tokens.length);
    await isRefused(refreshed, 400, 'invalid_grant', lost);
  });

  test('A revocation in the lost writes is lost: the grant works until it is revoked again.', async () => {
    await isAnswered(revoked);
    await server.command('grant', 'revoke', revoked.grant.grantId);
    await isRefused(revoked, 400, 'invalid_grant');
  });

  test('A client that was disabled in the lost writes is served until it is disabled again.', async () => {
    await isAnswered(disabled);
    await server.command('client', 'disable', disabled.client.clientId);
    const { status } = await present(disabled);
    assert.equal(status, 401);
  });

  test('A refresh token that was used in the lost writes works once more, and is a replay after the next use by its client.', async () => {
    const [, stolen] = robbed.tokens;
    const thief: Holder = { ...robbed, tokens: [] };
    await isAnswered(thief, stolen);
    await isAnswered(robbed);
    await isRefused(thief, 400, 'invalid_grant', stolen);
    const { status } = await server.command<{ status: string }>('grant', 'show', robbed.grant.grantId);
    assert.equal(status, 'revoked');
  });

  test('A grant that was created in the lost writes is gone, and its owner has to consent again; so is a client.', async () => {
    await isRefused(tooNew, 400, 'invalid_grant');
    const { status } = await present(ofTooNewClient);
    assert.equal(status, 401);
  });
}
