import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LOCAL_WEBHOOKS, runKeyfob } from '../support/keyfob-process.ts';
import type { MadeClient } from '../support/keyfob-process.ts';
import { DIALECTS, post, refreshAs, refreshPleos, refreshSmartcar } from '../support/refresh-request.ts';
import { grantFor, serverFor } from '../support/test-directory.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Refreshes in each dialect; `npm run secrecy -- --turns N` asks for more. */
const TURNS = Number(process.env['SECRECY_TURNS'] ?? 40);

/** A part of a secret this long must not appear either. */
const PART_CHARACTERS = 12;

/** The forms in which a secret could appear: text, whole or in part, hexadecimal, base64 at every alignment, and raw bytes. */
const formsOf = (secret: string): readonly Buffer[] => {
  const text = Buffer.from(secret);
  const raws = [
    ...(UUID.test(secret) ? [Buffer.from(secret.replaceAll('-', ''), 'hex')] : []),
    ...(secret.length === 43 ? [Buffer.from(secret, 'base64url')] : []),
  ];
  const written = [text, ...raws].flatMap((bytes) => [
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...[0, 1, 2].flatMap((before) => {
      // The first and last digits depend on the neighbouring bytes, so only those in between are searched.
      const padded = Buffer.concat([Buffer.alloc(before), bytes]);
      return [padded.toString('base64url'), padded.toString('base64').replace(/=+$/, '')].map((digits) =>
        digits.slice(before === 0 ? 0 : before + 1, -1),
      );
    }),
  ]);
  const parts = [text.subarray(0, PART_CHARACTERS), text.subarray(-PART_CHARACTERS)];
  return [text, ...parts, ...raws, ...written.map((form) => Buffer.from(form))];
};

test('after a busy run no secret or token is in the log, the store, the output of a command or an error', async (t) => {
  const server = await serverFor(t, {
    args: ['--log-level', 'debug', '--demo'],
    environment: LOCAL_WEBHOOKS,
  });
  const secrets = new Set<string>();
  const outputs: string[] = [];
  const hook = ['webhook', 'add', '--url', 'http://127.0.0.1:6/'];
  const webhook = await server.command<{ readonly secret: string }>(...hook);
  secrets.add(webhook.secret.slice('whsec_'.length, -1));
  for (const dialect of DIALECTS) {
    const refresh = refreshAs[dialect];
    const { client, grant } = await grantFor(server, dialect);
    const added = await server.command<MadeClient>('client', 'secret', 'add', client.clientId);
    for (const minted of [client.clientSecret, added.clientSecret, grant.accessToken, grant.refreshToken])
      secrets.add(minted);
    let token = grant.refreshToken;
    for (let turn = 0; turn < TURNS; turn++) {
      const answer = await refresh(server.url, turn % 2 === 0 ? client : added, token);
      assert.equal(answer.status, 200, answer.text);
      secrets.add(answer.accessToken).add(answer.refreshToken);
      token = answer.refreshToken;
    }
    if (dialect === 'smartcar') await server.command('keys', 'rotate');
    const wrong = { ...client, clientSecret: `${client.clientSecret.slice(0, -1)}!` };
    const swapped = { clientId: client.clientSecret, clientSecret: client.clientId };
    const refused = [
      await refresh(server.url, wrong, token),
      await refresh(server.url, swapped, token),
      await refresh(server.url, client, client.clientSecret),
      await refresh(server.url, client, `${token} `),
      await refresh(server.url, client, token, { 'idempotency-key': `${token} ${token}` }),
      await refresh(server.url, client, token, { brand: token, 'content-type': `text/${token}` }),
      await (dialect === 'smartcar' ? refreshPleos : refreshSmartcar)(server.url, client, token),
      await post(`${server.url}/oauth/${token}?refresh_token=${token}`, {}, token),
      await post(`${server.url}/v1/auth/token-refresh?${token}`, { brand: 'kia' }, `{"${token}": ${token}`),
    ];
    await server.command('client', 'set', client.clientId, '--overlap-seconds', '0', '--race-seconds', '0');
    refused.push(await refresh(server.url, client, grant.refreshToken));
    refused.push(await refresh(server.url, client, token));
    for (const answer of refused) {
      assert.ok(answer.status >= 400, answer.text);
      outputs.push(answer.text, [...answer.headers].join('\n'));
    }
    for (const words of [
      ['grant', 'show', grant.grantId],
      ['client', 'show', client.clientId],
      ['client', 'secret', 'list', client.clientId],
      ['client', 'list'],
      ['grant', 'list'],
      ['keys', 'list'],
      ['webhook', 'list'],
      ['webhook', 'deliveries'],
      ['events'],
      ['doctor'],
    ]) {
      for (const flags of [[], ['--json']]) {
        const ended = await runKeyfob([...words, ...flags, '--data', server.dataDirectory]);
        assert.equal(ended.code, 0, ended.stderr);
        outputs.push(ended.stdout, ended.stderr);
      }
    }
    const status = await server.command<{ readonly status: string }>('grant', 'show', grant.grantId);
    assert.equal(status.status, 'revoked', 'the replay was to be noticed');
  }
  const ring = readFileSync(join(server.dataDirectory, 'keyfob.key'), 'utf8');
  for (const line of ring.trim().split('\n')) secrets.add(line.split(':').at(-1) ?? '');
  const demo = join(server.dataDirectory, 'demo');
  const demoSecrets = [
    ...readFileSync(join(demo, 'clients.json'), 'utf8').matchAll(/"clientSecret": "(?<secret>[^"]+)"/g),
  ].map((found) => found.groups?.['secret'] ?? '');
  const demoTokens = readdirSync(demo).filter((name) => name.endsWith('.token'));
  assert.equal(demoSecrets.length, demoTokens.length);
  assert.ok(demoTokens.length > DIALECTS.length, 'the dialect oauth has a demo client too');
  for (const secret of demoSecrets) secrets.add(secret);
  for (const name of demoTokens) secrets.add(readFileSync(join(demo, name), 'utf8').trim());
  assert.ok(secrets.size > 4 * TURNS, `only ${secrets.size} secrets were minted`);

  // While the server has the store open, with its log beside it, and after the store was closed.
  const storeFiles = (): readonly (readonly [string, Buffer])[] =>
    readdirSync(server.dataDirectory)
      .filter((name) => name.startsWith('keyfob.db'))
      .map((name) => [name, readFileSync(join(server.dataDirectory, name))]);
  const copied = await runKeyfob([
    'backup',
    join(server.dataDirectory, 'keyfob.db-copy'),
    '--data',
    server.dataDirectory,
  ]);
  const restored = await runKeyfob([
    'restore',
    join(server.dataDirectory, 'keyfob.db-copy'),
    '--data',
    server.dataDirectory,
  ]);
  for (const ended of [copied, restored]) {
    assert.equal(ended.code, 0, ended.stderr);
    outputs.push(ended.stdout, ended.stderr);
  }
  const open = storeFiles();
  assert.ok(open.some(([name]) => name === 'keyfob.db-copy'));
  assert.ok(open.some(([name, bytes]) => name === 'keyfob.db-wal' && bytes.length > 0));
  await server.stop();
  const log = server.log();
  assert.match(log, /"event":"refresh\.rotated"/);
  assert.match(log, /"event":"refresh\.replayed"/);
  assert.match(log, /"event":"client\.refused"/);
  const places: readonly (readonly [string, Buffer])[] = [
    ...open,
    ...storeFiles().map(([name, bytes]) => [`${name}, closed`, bytes] as const),
    ['the log', Buffer.from(log)],
    ['an output', Buffer.from(outputs.join('\n'))],
  ];
  for (const secret of secrets) {
    const forms = formsOf(secret);
    for (const [place, bytes] of places)
      for (const form of forms)
        assert.ok(!bytes.includes(form), `${place} holds a secret of ${secret.length} characters`);
  }
});

test('the search of the test above finds a secret in every form', () => {
  const uuid = 'dc792f55-0d33-9503-491c-b2b7c964aeb5';
  const raw = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  const planted = [
    Buffer.from(`token=${uuid};`),
    raw,
    Buffer.from(raw.toString('hex')),
    Buffer.from(Buffer.from(uuid).toString('hex')),
    ...['', 'x', 'xy', 'client-id:'].map((before) =>
      Buffer.from(Buffer.from(`${before}${uuid};more`).toString('base64')),
    ),
  ];
  for (const place of planted)
    assert.ok(
      formsOf(uuid).some((form) => place.includes(form)),
      place.toString('latin1'),
    );
  assert.ok(formsOf(uuid).every((form) => form.length >= 12));
});
