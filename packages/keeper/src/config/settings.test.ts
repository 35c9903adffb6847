import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { openClients, openKeys } from './open-parts.ts';
import { readSettings } from './settings.ts';
import { writeStartingFiles } from './starting-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'keeper-settings-'));
after(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
const fileOf = (text: string): string => {
  const path = join(directory, `settings-${files++}.json`);
  writeFileSync(path, text);
  return path;
};

const CLIENT = '"provider": "smartcar", "clientId": "id", "clientSecret": { "env": "SC_SECRET" }';

describe('what is wrong is named, with the nearest name, and no value is quoted', () => {
  const refusals: readonly (readonly [string, string, Readonly<Record<string, string>>, RegExp])[] = [
    ['an unknown setting', '{"stroe": "x.db"}', {}, /unknown setting stroe, did you mean store\?/],
    [
      'an unknown member of a client',
      `{"clients": {"sc": {${CLIENT}, "keepwarm": "asked"}}}`,
      {},
      /unknown setting clients\.sc\.keepwarm, did you mean clients\.sc\.keepWarm\?/,
    ],
    [
      'a misspelt variable',
      '{}',
      { KEEPER_STROE: 'x' },
      /unknown variable KEEPER_STROE, did you mean KEEPER_STORE\?/,
    ],
    [
      'an unknown provider',
      '{"clients": {"sc": {"provider": "smartcat", "clientId": "i", "clientSecret": {"env": "S"}}}}',
      {},
      /clients\.sc\.provider must be one of smartcar,/,
    ],
    [
      'a secret in the file',
      '{"clients": {"sc": {"provider": "smartcar", "clientId": "i", "clientSecret": "hush-hush"}}}',
      {},
      /clients\.sc\.clientSecret must be \{ "env": "NAME" \}/,
    ],
    [
      'a missing member',
      '{"clients": {"sc": {"provider": "smartcar", "clientSecret": {"env": "S"}}}}',
      {},
      /clients\.sc\.clientId is missing/,
    ],
    [
      'a password in the file',
      '{"store": "postgres://keeper:hush-hush@db/keeper"}',
      {},
      /store has a password in it/,
    ],
    [
      'a reconnect link without a name',
      '{"reconnectUrl": "https://app.example/"}',
      {},
      /reconnectUrl must have \{name\}/,
    ],
    [
      'a variable that is wrong',
      '{}',
      { KEEPER_RECONNECT_URL: 'hush-hush' },
      /KEEPER_RECONNECT_URL must be an http/,
    ],
    [
      'an unknown member of a webhook',
      '{"webhooks": [{"name": "a", "url": "https://a.example", "secret": {"env": "S"}, "kind": []}]}',
      {},
      /unknown setting webhooks\.0\.kind, did you mean webhooks\.0\.kinds\?/,
    ],
    ['a port that is none', '{"port": 70000}', {}, /port must be a whole number from 0 to 65535/],
    ['text that is not JSON', '{"store": hush-hush}', {}, /not JSON/],
    ['a list', '["hush-hush"]', {}, /not a JSON object/],
  ];
  for (const [name, text, environment, message] of refusals)
    test(name, () => {
      assert.throws(
        () => readSettings(environment, fileOf(text)),
        (error: Error) => message.test(error.message) && !error.message.includes('hush-hush'),
      );
    });
});

test('a line may end with a comment, and a URL in a text is no comment', () => {
  const path = fileOf(
    '{ // the store\n "store": "./a.db", // here\n "reconnectUrl": "https://app.example/{name}"\n}',
  );
  const settings = readSettings({}, path);
  assert.equal(settings.store, join(directory, 'a.db'));
  assert.equal(settings.reconnectUrl, 'https://app.example/{name}');
});

test('the environment wins over the file, and Kubernetes may add variables of its own', () => {
  const environment = {
    KEEPER_STORE: '/data/b.db',
    KEEPER_PORT: 'tcp://10.0.0.1:80',
    KEEPER_SERVICE_HOST: 'x',
  };
  assert.equal(readSettings(environment, fileOf('{"store": "./a.db"}')).store, '/data/b.db');
});

test('secrets come from variables and files, several while one changes', () => {
  const secret = join(directory, 'secret');
  writeFileSync(secret, 'from-file\n');
  const text = `{"clients": {"sc": {"provider": "smartcar", "clientId": "id", "clientSecret": [{"env": "KEEPER_SC"}, {"file": "secret"}]}}}`;
  const settings = readSettings({ KEEPER_SC: 'from-variable' }, fileOf(text));
  assert.deepEqual(openClients(settings)['sc']?.clientSecrets, ['from-variable', 'from-file']);
});

test('a missing secret names the variable, and an unreadable file its path', () => {
  const missing = readSettings({}, fileOf(`{"clients": {"sc": {${CLIENT}}}}`));
  assert.throws(
    () => openClients(missing),
    /clients\.sc\.clientSecret: the environment variable SC_SECRET is not set/,
  );
  const unreadable = readSettings(
    {},
    fileOf(
      '{"clients": {"sc": {"provider": "smartcar", "clientId": "id", "clientSecret": {"file": "none"}}}}',
    ),
  );
  assert.throws(() => openClients(unreadable), /clients\.sc\.clientSecret: .*none cannot be read \(ENOENT\)/);
});

test('without a file and without KEEPER_STORE nothing is assumed', () => {
  assert.throws(() => readSettings({ KEEPER_CONFIG: join(directory, 'none.json') }), /There is no file/);
});

test('init writes settings that can be read, and a key for this user only; it writes nothing over', () => {
  const choices = {
    directory: mkdtempSync(join(directory, 'init-')),
    provider: 'oauth',
    client: 'my-cars',
    clientId: 'id',
    keyFile: 'keeper.key',
  } as const;
  const { settingsFile, keyFile, secretVariable } = writeStartingFiles(choices);
  assert.equal(secretVariable, 'MY_CARS_CLIENT_SECRET');
  assert.equal(statSync(keyFile ?? '').mode & 0o777, 0o600);
  const settings = readSettings({ MY_CARS_CLIENT_SECRET: 'x' }, settingsFile);
  assert.equal(openKeys(settings).all.length, 1);
  assert.equal(openClients(settings)['my-cars']?.provider.url, 'https://auth.example/token');
  assert.throws(() => writeStartingFiles(choices), /exists/);
});
