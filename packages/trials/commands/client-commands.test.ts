import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { runKeyfob, UNTHROTTLED } from '../support/keyfob-process.ts';
import type { MadeClient } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { sampleLogo } from '../support/sample-logo.ts';
import { directoryFor, errorOf, grantFor, runOn, serverFor } from '../support/test-directory.ts';

const WEB = 'https://app.example/callBack?onReplay=1';
const LOOPBACK = 'http://127.0.0.1/callback';

type Shown = {
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly type: string;
  readonly redirectUris: readonly string[];
  readonly consentRedirectUri: string | null;
  readonly policy: Readonly<Record<string, unknown>>;
  readonly developer: string;
  readonly privacyUrl: string | null;
  readonly logo: object | null;
  readonly secrets: readonly {
    readonly secretId: string;
    readonly name: string;
    readonly lastUsedAt: string | null;
  }[];
};

const create = async (directory: string, ...words: readonly string[]): Promise<Shown> => {
  const ended = await runOn(
    directory,
    'client',
    'create',
    '--create-store',
    '--dialect',
    'smartcar',
    ...words,
    '--json',
  );
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout) as Shown;
};

const set = async (directory: string, id: string, ...words: readonly string[]): Promise<Shown> => {
  const ended = await runOn(directory, 'client', 'set', id, ...words, '--json');
  assert.equal(ended.code, 0, ended.stderr);
  return JSON.parse(ended.stdout) as Shown;
};

/** Creates a client with all that owners see; the logo comes from a server of the app. */
const createWithProfile = async (t: TestContext, directory: string): Promise<Shown> => {
  const server = createServer((_request, response) => response.end(sampleLogo()));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.after(() => server.close());
  const logo = `http://127.0.0.1:${(server.address() as AddressInfo).port}/logo.png`;
  const link = ['--privacy-url', 'https://app.example/privacy', '--no-link-check'];
  return create(directory, '--developer', 'Example GmbH', ...link, '--logo', logo);
};

describe('Clients of every type on the command line', () => {
  test('a client is created with its redirect URIs, which are shown, replaced, added and removed', async (t) => {
    const directory = directoryFor(t);
    const made = await create(
      directory,
      '--redirect-uri',
      WEB,
      '--redirect-uri',
      LOOPBACK,
      '--redirect-uri',
      WEB,
    );
    assert.deepEqual([made.type, made.redirectUris], ['confidential', [WEB, LOOPBACK]]);
    assert.equal(made.consentRedirectUri, null);
    const { clientId } = made;
    const shown = await runOn(directory, 'client', 'show', clientId);
    assert.match(shown.stdout, /^type +confidential$/m);
    assert.ok(shown.stdout.includes(`redirect uri                    ${WEB}\n`), shown.stdout);
    assert.ok(shown.stdout.includes(LOOPBACK));

    const profile = await createWithProfile(t, directory);
    assert.deepEqual(
      [profile.developer, profile.privacyUrl, profile.logo],
      [
        'Example GmbH',
        'https://app.example/privacy',
        { mediaType: 'image/png', width: 64, height: 64, bytes: sampleLogo().length },
      ],
    );
    const bare = await set(directory, profile.clientId, '--developer', 'none', '--logo', 'none');
    assert.deepEqual([bare.developer, bare.privacyUrl, bare.logo], ['', 'https://app.example/privacy', null]);

    const less = await set(directory, clientId, '--remove-redirect-uri', WEB);
    assert.deepEqual(less.redirectUris, [LOOPBACK]);
    const more = await set(
      directory,
      clientId,
      '--add-redirect-uri',
      'com.example.app:/x',
      '--add-redirect-uri',
      WEB,
    );
    assert.deepEqual(more.redirectUris, [LOOPBACK, 'com.example.app:/x', WEB]);
    const other = await set(directory, clientId, '--redirect-uri', WEB, '--consent-redirect-uri', LOOPBACK);
    assert.deepEqual([other.redirectUris, other.consentRedirectUri], [[WEB], LOOPBACK]);
    const consent = await runOn(directory, 'client', 'show', clientId);
    assert.match(consent.stdout, /^consent redirect +http:\/\/127\.0\.0\.1\/callback$/m);
    assert.equal((await set(directory, clientId, '--consent-redirect-uri', 'none')).consentRedirectUri, null);
    assert.deepEqual((await set(directory, clientId, '--remove-redirect-uri', WEB)).redirectUris, []);
  });

  test('owners may grant a new client what only reads; more is named, and unknown scopes are refused', async (t) => {
    const directory = directoryFor(t);
    const text = await runOn(directory, 'client', 'create', '--dialect', 'oauth', '--create-store');
    assert.match(text.stdout, /^owners may grant +read_vehicle_info .*read_charge$/m);
    const made = await create(directory, '--grant-scope', 'read_vin control_charge');
    assert.partialDeepStrictEqual(made.policy, {
      grantScope: 'read_vin control_charge',
      simulatedOwners: false,
    });
    const unknown = ['client', 'create', '--dialect', 'oauth', '--grant-scope', 'read_odometr', '--json'];
    const refused = await runOn(directory, ...unknown);
    assert.equal(refused.code, 2);
    assert.match(errorOf(refused).message, /--grant-scope names read_odometr.*did you mean read_odometer\?/);
    for (const field of ['--grant-scope', '--client-credentials-scope']) {
      const ended = await runOn(directory, 'client', 'set', made.clientId, field, 'fleet:admin', '--json');
      assert.equal(ended.code, 2);
      assert.match(errorOf(ended).message, new RegExp(`^${field} names fleet:admin.*scopesFile`));
    }
    const words = ['grant', 'create', '--client', made.clientId, '--subject', 'owner-1'];
    const wide = await runOn(directory, ...words, '--scope', 'control_security', '--json');
    assert.equal(wide.code, 2);
    assert.match(errorOf(wide).message, /^--scope has control_security.*client set \S+ --grant-scope/);
    assert.equal((await runOn(directory, ...words, '--scope', 'control_charge')).code, 0);
  });

  test('PKCE is required where the dialect documents it, and refused where it has none', async (t) => {
    const directory = directoryFor(t);
    const made = await create(directory);
    assert.equal(made.policy['requirePkce'], false);
    assert.equal((await set(directory, made.clientId, '--require-pkce', 'true')).policy['requirePkce'], true);
    const oauth = await runOn(directory, 'client', 'create', '--dialect', 'oauth', '--json');
    assert.equal((JSON.parse(oauth.stdout) as Shown).policy['requirePkce'], true);
    const creating = ['client', 'create', '--dialect', 'pleos', '--json'];
    const refused = await runOn(directory, ...creating, '--require-pkce', 'true');
    assert.match(errorOf(refused).message, /^--require-pkce must be false: requests of the pleos dialect/);
    const pleos = JSON.parse((await runOn(directory, ...creating)).stdout) as Shown;
    const later = await runOn(directory, 'client', 'set', pleos.clientId, '--require-pkce', 'true', '--json');
    assert.match(errorOf(later).message, /^--require-pkce must be false/);
  });

  test('an app has a scheme with a dot, or the one that its vendor documents for it', async (t) => {
    const directory = directoryFor(t);
    const made = await create(directory);
    const documented = `sc${made.clientId}://exchange`;
    const changed = await set(directory, made.clientId, '--add-redirect-uri', documented);
    assert.deepEqual(changed.redirectUris, [documented]);
    for (const words of [
      ['--add-redirect-uri', 'myapp://callback'],
      ['--redirect-uri', `sc${made.clientId}0://exchange`],
      ['--consent-redirect-uri', 'myapp://callback'],
    ]) {
      const refused = await runOn(directory, 'client', 'set', made.clientId, ...words, '--json');
      assert.equal(refused.code, 2);
      assert.match(errorOf(refused).message, /scheme with a dot, such as com\.example\.app, or sc/);
    }
    const creating = ['client', 'create', '--dialect', 'oauth', '--redirect-uri', 'myapp:/x', '--json'];
    assert.match(errorOf(await runOn(directory, ...creating)).message, /scheme with a dot/);
  });

  test('a deployment declares scopes in a file', async (t) => {
    const directory = directoryFor(t);
    const file = join(directory, 'scopes.json');
    const text = { en: 'Data of all vehicles', ko: '전체 차량 데이터' };
    const fleet = { name: 'fleet:read', kind: 'read', text, dialects: ['smartcar'] };
    writeFileSync(file, JSON.stringify({ scopes: [fleet] }));
    const made = await create(directory, '--scopes-file', file, '--grant-scope', 'fleet:read');
    assert.equal(made.policy['grantScope'], 'fleet:read');
    for (const [words, verdict] of [
      [['--scopes-file', file], 'ok'],
      [[], 'warn'],
    ] as const) {
      const { stdout } = await runOn(directory, 'doctor', '--json', ...words);
      const { findings } = JSON.parse(stdout) as { findings: { check: string; verdict: string }[] };
      assert.equal(findings.find(({ check }) => check === 'scopes')?.verdict, verdict);
    }
    writeFileSync(file, JSON.stringify({ scopes: [{ ...fleet, kinds: 'read' }] }));
    const refused = await runOn(directory, 'client', 'list', '--scopes-file', file, '--json');
    assert.equal(errorOf(refused).code, 'scopes_file_invalid');
    assert.match(errorOf(refused).message, /unknown key scopes\.0\.kinds, did you mean kind\?/);
  });

  test('a public client has no secret and cannot get one', async (t) => {
    const directory = directoryFor(t);
    const forDevices = ['--device-flow', 'true'];
    const made = await create(directory, '--type', 'public', '--redirect-uri', LOOPBACK, ...forDevices);
    assert.deepEqual([made.type, made.clientSecret, made.secrets], ['public', null, []]);
    assert.equal(made.policy['deviceFlow'], true);
    const text = await runOn(
      directory,
      'client',
      'create',
      '--create-store',
      '--dialect',
      'smartcar',
      '--type',
      'public',
    );
    assert.match(text.stdout, /^client secret +- \(a public client has none\)$/m);
    assert.doesNotMatch(text.stdout, /[A-Za-z0-9_-]{43}/);
    const refused = await runOn(directory, 'client', 'secret', 'add', made.clientId, '--json');
    const { code, remedy } = errorOf(refused);
    assert.deepEqual([refused.code, code], [1, 'client_public']);
    assert.match(remedy ?? '', /--type confidential/);
    assert.match((await runOn(directory, 'client', 'show', made.clientId)).stdout, /it has no secret\.$/m);
    assert.match((await runOn(directory, 'client', 'list')).stdout, /smartcar +public +overlap/);
  });

  test('a resource server has a secret and cannot get grants', async (t) => {
    const directory = directoryFor(t);
    const made = await create(directory, '--type', 'resource-server', '--name', 'Vehicle API');
    assert.match(made.clientSecret ?? '', /^[A-Za-z0-9_-]{43}$/);
    const words = ['grant', 'create', '--client', made.clientId, '--subject', 'owner-1', '--json'] as const;
    const refused = await runOn(directory, ...words);
    assert.deepEqual([refused.code, errorOf(refused).code], [1, 'client_not_permitted']);
  });

  test('an invalid client is refused at creation and at a change, with the reason', async (t) => {
    const directory = directoryFor(t);
    const open = await create(directory, '--type', 'public');
    const creating = ['client', 'create', '--create-store', '--dialect'] as const;
    const setting = ['client', 'set', open.clientId] as const;
    const refused: readonly (readonly [words: readonly string[], said: RegExp])[] = [
      [[...creating, 'pleos', '--type', 'public'], /confidential clients only.*use type confidential/],
      [[...creating, 'pleos', '--type', 'resource-server'], /confidential clients only/],
      [[...creating, 'smartcar', '--redirect-uri', 'http://app.example/'], /must use https; http is for/],
      [
        [...creating, 'smartcar', '--redirect-uri', `${WEB}#x`],
        /callBack\?onReplay=1#x must have no fragment/,
      ],
      [[...creating, 'smartcar', '--consent-redirect-uri', 'javascript:x'], /must not use javascript:/],
      [
        [...creating, 'smartcar', '--type', 'resource-server', '--redirect-uri', WEB],
        /must have no redirect URI/,
      ],
      [
        [...creating, 'smartcar', '--type', 'secret'],
        /Allowed choices are confidential, public, resource-server/,
      ],
      [[...setting, '--rotation', 'none'], /^--rotation must not be none for a public client: use strict/],
      [[...setting, '--on-replay', 'observe'], /^--on-replay must be revoke/],
      [[...setting, '--client-credentials', 'true'], /^--client-credentials must be false/],
      [[...setting, '--access-token-format', 'xml'], /^--access-token-format must be one of opaque, jwt/],
      [[...setting, '--add-redirect-uri', `${WEB}#x`], /callBack\?onReplay=1#x must have no fragment/],
      [[...setting, '--remove-redirect-uri', WEB], /there is no redirect URI .* to remove/],
      [setting, /nothing to change/],
    ];
    for (const [words, said] of refused) {
      const ended = await runOn(directory, ...words, '--json');
      assert.equal(ended.code, 2, words.join(' '));
      assert.match(errorOf(ended).message, said);
    }
    const list = await runOn(directory, 'client', 'list', '--json');
    const { clients } = JSON.parse(list.stdout) as { readonly clients: readonly Shown[] };
    assert.deepEqual(clients.length, 1, 'nothing was created');
    const { clientSecret: _none, ...before } = open;
    const after = JSON.parse(
      (await runOn(directory, 'client', 'show', open.clientId, '--json')).stdout,
    ) as object;
    assert.deepEqual(after, before, 'and nothing changed');
  });

  test('each secret shows when it was last used, and an unused one shows none', async (t) => {
    const directory = directoryFor(t);
    const server = await serverFor(t, { dataDirectory: directory });
    const { client, grant } = await grantFor(server, 'smartcar');
    const unused = await server.command<MadeClient>(
      'client',
      'secret',
      'add',
      client.clientId,
      '--name',
      'next',
    );
    const startedAt = Math.floor(Date.now() / 1000);
    const answer = await refreshSmartcar(server.url, client, grant.refreshToken);
    assert.equal(answer.status, 200);
    await refreshSmartcar(
      server.url,
      { ...unused, clientSecret: `${unused.clientSecret}x` },
      answer.refreshToken,
    );
    assert.equal(await server.stop(), 0);
    const endedAt = Math.floor(Date.now() / 1000);

    const listed = await runOn(directory, 'client', 'secret', 'list', client.clientId, '--json');
    const { secrets } = JSON.parse(listed.stdout) as Shown;
    // By name: secrets of the same second are listed in the order of their random ids.
    const lastUseOf = (wanted: string) => secrets.find(({ name }) => name === wanted)?.lastUsedAt;
    const [first, next] = [lastUseOf('first'), lastUseOf('next')];
    assert.ok(typeof first === 'string');
    const usedAt = Date.parse(first) / 1000;
    assert.ok(startedAt <= usedAt && usedAt <= endedAt, first);
    assert.equal(next, null);
    for (const words of [['secret', 'list'], ['show']]) {
      const { stdout } = await runOn(directory, 'client', ...words, client.clientId);
      assert.match(stdout, /^SECRET ID +CREATED +EXPIRES +LAST USED +NAME$/m);
      assert.match(stdout, new RegExp(`^[0-9a-f]{12} +\\S+ +- +${first} +first$`, 'm'));
      assert.match(stdout, /^[0-9a-f]{12} +\S+ +- +- +next$/m);
    }
  });

  test('"doctor" reports clients that are locked out or will be soon, and limits that are off', async (t) => {
    const directory = directoryFor(t);
    const find = async (check: string) => {
      const ended = await runOn(directory, 'doctor', '--json');
      assert.equal(ended.code, 0, ended.stdout);
      const { findings } = JSON.parse(ended.stdout) as {
        findings: readonly { check: string; verdict: string; finding: string }[];
      };
      const found = findings.find((one) => one.check === check);
      return [found?.verdict, found?.finding] as const;
    };
    const made = await create(directory);
    const off = await runKeyfob(['doctor', '--data', directory], UNTHROTTLED);
    assert.match(
      off.stdout,
      /^warn +guessing +KEYFOB_AUTHENTICATION_FAILURES_PER_ADDRESS_MAX and .*: 0, which turns the limit off$/m,
    );
    await create(directory, '--type', 'public');
    assert.deepEqual(await find('client secrets'), ['ok', 'every enabled client that needs one has it (1)']);
    assert.deepEqual(await find('guessing'), ['ok', '20 failures per address and 100 per client in 60 s']);
    assert.equal((await find('issuer'))[0], 'ok');
    const jwt = await create(directory);
    await set(directory, jwt.clientId, '--access-token-format', 'jwt');
    assert.equal((await find('issuer'))[0], 'warn');
    await runOn(directory, 'client', 'remove', jwt.clientId);
    const { clientId, secrets } = made;
    await runOn(directory, 'client', 'secret', 'add', clientId, '--expires-in-seconds', '86400');
    assert.equal((await find('client secrets'))[0], 'ok');
    await runOn(directory, 'client', 'secret', 'remove', clientId, secrets[0]?.secretId ?? '');
    assert.deepEqual(await find('client secrets'), [
      'warn',
      `client ${clientId}: the last secret expires within 14 days`,
    ]);
    const bare = await create(directory);
    await runOn(
      directory,
      'client',
      'secret',
      'remove',
      bare.clientId,
      bare.secrets[0]?.secretId ?? '',
      '--force',
    );
    assert.deepEqual(await find('client secrets'), [
      'warn',
      `client ${bare.clientId}: no valid secret, locked out`,
    ]);
    await runOn(directory, 'client', 'disable', bare.clientId);
    await runOn(directory, 'client', 'disable', clientId);
    assert.deepEqual(await find('client secrets'), ['ok', 'every enabled client that needs one has it (0)']);
  });
});
