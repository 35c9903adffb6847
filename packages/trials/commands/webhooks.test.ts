import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LOCAL_WEBHOOKS, runKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { replyInTurn, startReceiver, verify } from '../support/webhook-receiver.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { untilLogged } from '../support/run-command.ts';
import { directoryFor, errorOf, grantFor, runOn, serverFor, setStrict } from '../support/test-directory.ts';

type MadeWebhook = { readonly webhookId: string; readonly secret: string };
type Deliveries = {
  readonly deliveries: readonly {
    readonly state: string;
    readonly attempts: number;
    readonly grantEventId: string;
  }[];
};

const addWebhook = async (server: KeyfobServer, url: string, ...more: readonly string[]) =>
  server.command<MadeWebhook>('webhook', 'add', '--url', url, ...more);

const deliveriesOf = async (server: KeyfobServer) =>
  (await server.command<Deliveries>('webhook', 'deliveries')).deliveries;

describe('Webhooks of a running server', () => {
  test('the revocation of a grant by a command is delivered, signed, and listed as delivered', async (t) => {
    const receiver = await startReceiver(t);
    const server = await serverFor(t, { environment: LOCAL_WEBHOOKS });
    const { secret, webhookId } = await addWebhook(server, receiver.url);
    const { client, grant } = await grantFor(server, 'smartcar');
    await server.command('grant', 'revoke', grant.grantId);
    await receiver.until(1);
    const [arrived = assert.fail()] = receiver.arrived;
    const { type, data } = verify(secret, arrived) as { type: string; data: Record<string, unknown> };
    assert.deepEqual(
      [type, data['grantId'], data['clientId'], data['subject'], data['cause']],
      ['grant.revoked', grant.grantId, client.clientId, 'owner-1', 'operator'],
    );
    await untilLogged(server, 'webhook.delivered');
    const [delivery = assert.fail()] = await deliveriesOf(server);
    assert.deepEqual([delivery.state, delivery.attempts], ['delivered', 1]);
    assert.equal(delivery.grantEventId, arrived.headers['webhook-id']);
    const shown = await server.command<MadeWebhook>('webhook', 'show', webhookId);
    assert.equal(shown.secret, secret);
    assert.ok(!server.log().includes(secret.slice(6)), 'the log holds the secret');
    assert.equal(await server.stop(), 0);
  });

  test('a replay and its revocation are delivered at once, with the request id', async (t) => {
    const receiver = await startReceiver(t);
    const server = await serverFor(t, { args: ['--log-level', 'debug'], environment: LOCAL_WEBHOOKS });
    const { secret } = await addWebhook(server, receiver.url);
    const { client, grant } = await grantFor(server, 'smartcar');
    await setStrict(server, client);
    await refreshSmartcar(server.url, client, grant.refreshToken);
    assert.equal((await refreshSmartcar(server.url, client, grant.refreshToken)).status, 400);
    await receiver.until(2);
    const messages = receiver.arrived.map((arrived) => verify(secret, arrived)) as {
      type: string;
      data: { requestId: string };
    }[];
    assert.deepEqual(messages.map(({ type }) => type).toSorted(), ['grant.replayed', 'grant.revoked']);
    const events = server
      .log()
      .split('\n')
      .filter((line) => line.includes('"refresh.replayed"'))
      .map((line) => JSON.parse(line) as { requestId: string });
    for (const { data } of messages) assert.equal(data.requestId, events[0]?.requestId);
  });

  test('two servers on one data directory deliver each grant event once in total', async (t) => {
    const receiver = await startReceiver(t);
    const dataDirectory = directoryFor(t);
    const one = await serverFor(t, { dataDirectory, environment: LOCAL_WEBHOOKS });
    const two = await serverFor(t, { dataDirectory, environment: LOCAL_WEBHOOKS });
    await addWebhook(one, receiver.url, '--event', 'grant.revoked', 'grant.reinstated');
    const { client, grant } = await grantFor(one, 'smartcar');
    const revoked = Array.from({ length: 5 }, async () => {
      const create = ['grant', 'create', '--client', client.clientId, '--subject', 'owner-1'];
      const { grantId } = await one.command<MadeGrant>(...create);
      return one.command('grant', 'revoke', grantId);
    });
    await Promise.all(revoked);
    await one.command('grant', 'revoke', grant.grantId);
    await one.command('grant', 'reinstate', grant.grantId);
    await receiver.until(7);
    await Promise.all([one.stop(), two.stop()]);
    const ids = receiver.arrived.map(({ headers }) => headers['webhook-id']);
    assert.deepEqual([ids.length, new Set(ids).size], [7, 7]);
    for (const { state, attempts } of await deliveriesOf(one))
      assert.deepEqual([state, attempts], ['delivered', 1]);
  });

  test('a message that a killed server was sending is sent again by the next server', async (t) => {
    const receiver = await startReceiver(t, (_arrived, response, count) => {
      if (count > 1) response.writeHead(200).end();
    });
    const dataDirectory = directoryFor(t);
    const first = await serverFor(t, { dataDirectory, environment: LOCAL_WEBHOOKS });
    const { secret, webhookId } = await addWebhook(first, receiver.url);
    const { grant } = await grantFor(first, 'smartcar');
    await first.command('grant', 'revoke', grant.grantId);
    await receiver.until(1);
    await first.kill();
    // Without this the next server waits a minute, until the lease of the dead one expires.
    await first.command('webhook', 'retry', webhookId);
    const second = await serverFor(t, { dataDirectory, environment: LOCAL_WEBHOOKS });
    await receiver.until(2);
    const [before = assert.fail(), after = assert.fail()] = receiver.arrived;
    assert.equal(before.headers['webhook-id'], after.headers['webhook-id']);
    assert.deepEqual(verify(secret, before), verify(secret, after));
    await untilLogged(second, 'webhook.delivered');
    const [delivery] = await deliveriesOf(second);
    assert.deepEqual([delivery?.state, delivery?.attempts], ['delivered', 2]);
  });

  test('a stop aborts unanswered attempts within the grace, and they are repeated later', async (t) => {
    const receiver = await startReceiver(t, () => {});
    const server = await serverFor(t, {
      environment: { ...LOCAL_WEBHOOKS, KEYFOB_SHUTDOWN_GRACE_SECONDS: '0' },
    });
    await addWebhook(server, receiver.url);
    const { grant } = await grantFor(server, 'smartcar');
    await server.command('grant', 'revoke', grant.grantId);
    await receiver.until(1);
    assert.equal(await server.stop(), 0);
    const [delivery] = await deliveriesOf(server);
    assert.deepEqual([delivery?.state, delivery?.attempts], ['retrying', 1]);
  });
});

describe('The webhook commands', () => {
  test('a webhook is added, listed, shown and removed, for people and for programs', async (t) => {
    const directory = directoryFor(t);
    const client = await runOn(
      directory,
      'client',
      'create',
      '--create-store',
      '--dialect',
      'pleos',
      '--json',
    );
    const { clientId } = JSON.parse(client.stdout) as MadeClient;
    const add = ['webhook', 'add', '--url'];
    const callback = ['https://example.com/end', '--format', 'pleos', '--client', clientId];
    const added = await runOn(directory, ...add, ...callback);
    assert.equal(added.code, 0, added.stderr);
    assert.match(added.stdout, /^secret +- /m);
    assert.match(added.stdout, /^events +grant.revoked vehicles.disconnected$/m);
    const second = await runOn(directory, ...add, 'https://example.com/hook');
    assert.match(second.stdout, /^secret +whsec_[A-Za-z0-9+/]{43}=$/m);
    const id = /^webhook id +(?<id>[0-9a-f]{12})$/m.exec(second.stdout)?.groups?.['id'] ?? '';
    const list = await runOn(directory, 'webhook', 'list');
    assert.match(list.stdout, new RegExp(`^${id} +enabled +all +https://example.com/hook +`, 'm'));
    assert.match(list.stdout, new RegExp(`enabled +${clientId} +https://example.com/end`, 'm'));
    assert.equal((await runOn(directory, 'webhook', 'show', id)).stdout, second.stdout);
    const moved = await runOn(directory, 'webhook', 'set', id, '--url', 'https://example.com/new');
    assert.match(moved.stdout, /^url +https:\/\/example\.com\/new$/m, moved.stderr);
    const open = await runOn(directory, 'webhook', 'set', id, '--url', 'http://example.com/new');
    assert.match(open.stderr, /--allow-http/);
    assert.equal((await runOn(directory, 'webhook', 'remove', id)).stdout, `removed webhook ${id}\n`);
    const gone = await runOn(directory, 'webhook', 'show', id, '--json');
    assert.deepEqual([gone.code, errorOf(gone).code], [1, 'webhook_unknown']);
    const left = await runOn(directory, 'webhook', 'list', '--json');
    assert.equal((JSON.parse(left.stdout) as { webhooks: unknown[] }).webhooks.length, 1);
  });

  for (const [what, message, args] of [
    ['a private address', /private address/, '--url https://169.254.169.254/hook'],
    ['this machine', /KEYFOB_EGRESS_ALLOWED_RANGES/, '--url http://127.0.0.1:9'],
    ['no encryption', /--allow-http/, '--url http://example.com'],
    ['a password in the URL', /password/, '--url https://a:b@example.com'],
    ['the callback for no client', /needs --client/, '--url https://a.b --format pleos'],
    [
      'the callback for what it has no form for',
      /no form for grant.created/,
      '--url https://a.b --format pleos --client x --event grant.created',
    ],
    ['an unknown event', /Allowed choices/, '--url https://a.b --event grant.sold'],
  ] as const) {
    test(`a webhook is refused: ${what}`, async (t) => {
      const directory = directoryFor(t);
      await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'pleos');
      const ended = await runOn(directory, 'webhook', 'add', ...args.split(' '), '--json');
      assert.equal(ended.code, 2);
      assert.match(errorOf(ended).message, message);
    });
  }

  test('a test message is sent at once, and its answer decides the exit code', async (t) => {
    const receiver = await startReceiver(t, replyInTurn(200, 418));
    const directory = directoryFor(t);
    await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'smartcar');
    const runLocally = async (...words: readonly string[]) =>
      runKeyfob([...words, '--data', directory], LOCAL_WEBHOOKS);
    const added = await runLocally('webhook', 'add', '--url', receiver.url, '--json');
    const { webhookId, secret } = JSON.parse(added.stdout) as MadeWebhook;
    const accepted = await runLocally('webhook', 'test', webhookId);
    assert.equal(accepted.code, 0);
    assert.match(accepted.stdout, /^answered 200 after \d+ ms$/m);
    const [arrived = assert.fail()] = receiver.arrived;
    assert.equal(verify(secret, arrived)['type'], 'webhook.test');
    const denied = await runOn(directory, 'webhook', 'test', webhookId);
    assert.deepEqual([denied.code, receiver.arrived.length], [1, 1]);
    assert.match(denied.stdout, /^the address is private; KEYFOB_EGRESS_ALLOWED_RANGES/);
    const refused = await runLocally('webhook', 'test', webhookId, '--json');
    assert.equal(refused.code, 1);
    const { accepted: isAccepted, status } = JSON.parse(refused.stdout) as Record<string, unknown>;
    assert.deepEqual([isAccepted, status], [false, 418]);
  });
});
