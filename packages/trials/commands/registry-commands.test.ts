import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openSqliteStore } from '@keyfob/server/stores';
import { consentTo } from '../support/consent-to.ts';
import { sampleVehicle } from '../support/samples.ts';
import type { MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { directoryFor, errorOf, runOn } from '../support/test-directory.ts';

/** Runs a command that must succeed, for people and for programs, and answers both. */
const both = async (directory: string, ...words: readonly string[]) => {
  const text = await runOn(directory, ...words);
  const json = await runOn(directory, ...words, '--json');
  for (const { code, stderr } of [text, json]) assert.deepEqual([code, stderr], [0, ''], words.join(' '));
  return { text: text.stdout, json: JSON.parse(json.stdout) as Record<string, unknown> };
};

describe('The commands for clients and grants, for people and for programs', () => {
  test('a client is created, listed, shown, changed, disabled, enabled and removed', async (t) => {
    const directory = directoryFor(t);
    const first = await runOn(
      directory,
      'client',
      'create',
      '--create-store',
      '--dialect',
      'smartcar',
      '--name',
      'Charge planner',
    );
    assert.equal(first.code, 0, first.stderr);
    const id = /^client id +(?<id>[0-9a-f-]{36})$/m.exec(first.stdout)?.groups?.['id'] ?? '';
    assert.match(first.stdout, /^client secret +[A-Za-z0-9_-]{43} {2}\(shown only once\)$/m);
    assert.match(first.stdout, new RegExp(`Next: (?:npx )?keyfob grant create --client ${id}`));
    const second = await runOn(
      directory,
      'client',
      'create',
      '--create-store',
      '--dialect',
      'pleos',
      '--json',
    );
    const made = JSON.parse(second.stdout) as MadeClient;
    assert.match(made.clientSecret, /^[A-Za-z0-9_-]{43}$/);

    const list = await both(directory, 'client', 'list');
    assert.match(
      list.text,
      new RegExp(`^${id} +smartcar +confidential +overlap +enabled +Charge planner$`, 'm'),
    );
    assert.match(list.text, new RegExp(`^${made.clientId} +pleos +confidential +strict +enabled`, 'm'));
    const listed = list.json['clients'] as readonly { readonly clientId: string }[];
    assert.deepEqual(
      listed.map(({ clientId }) => clientId),
      [id, made.clientId],
    );

    const set = await both(directory, 'client', 'set', id, '--name', 'Planner', '--overlap-seconds', '600');
    assert.match(set.text, /^overlap-seconds +600$/m);
    const show = await both(directory, 'client', 'show', id);
    assert.match(show.text, /^name +Planner$/m);
    assert.deepEqual(show.json, set.json);
    assert.equal((show.json['policy'] as Record<string, unknown>)['overlapSeconds'], 600);

    assert.equal(typeof (await both(directory, 'client', 'disable', id)).json['disabledAt'], 'string');
    assert.match((await runOn(directory, 'client', 'list')).stdout, new RegExp(`${id} .* disabled`));
    assert.equal((await both(directory, 'client', 'enable', id)).json['disabledAt'], null);

    assert.equal((await runOn(directory, 'client', 'remove', id)).stdout, `removed client ${id}\n`);
    assert.equal((await runOn(directory, 'client', 'show', id)).code, 1);
  });

  test('a client with grants is removed only together with them', async (t) => {
    const directory = directoryFor(t);
    const made = await runOn(
      directory,
      'client',
      'create',
      '--create-store',
      '--dialect',
      'smartcar',
      '--json',
    );
    const { clientId } = JSON.parse(made.stdout) as MadeClient;
    await runOn(directory, 'grant', 'create', '--client', clientId, '--subject', 'owner-1');
    const refused = await runOn(directory, 'client', 'remove', clientId, '--json');
    assert.equal(refused.code, 1);
    const { code, remedy } = errorOf(refused);
    assert.equal(code, 'client_has_grants');
    assert.match(remedy ?? '', /client disable.*--with-grants/);
    const removed = await runOn(directory, 'client', 'remove', clientId, '--with-grants', '--json');
    assert.deepEqual(JSON.parse(removed.stdout), { clientId, removed: true });
    const left = await runOn(directory, 'grant', 'list', '--json');
    assert.deepEqual(JSON.parse(left.stdout), { grants: [], next: null });
    const events = await runOn(directory, 'events', '--client', clientId, '--json');
    assert.match(
      events.stdout,
      /"event":"grant.created".*\n.*"event":"grant.revoked".*"cause":"operator".*\n$/,
    );
  });

  test('secrets are added, listed without their values, and removed, but the last only with --force', async (t) => {
    const directory = directoryFor(t);
    const made = await runOn(
      directory,
      'client',
      'create',
      '--create-store',
      '--dialect',
      'smartcar',
      '--json',
    );
    const { clientId } = JSON.parse(made.stdout) as MadeClient;
    const unfit = await runOn(directory, 'client', 'secret', 'add', clientId, '--name', 'a\u001b[2Jb');
    assert.equal(unfit.code, 2, unfit.stdout);
    const added = await runOn(directory, 'client', 'secret', 'add', clientId, '--name', '2027');
    assert.match(added.stdout, /^client secret +[A-Za-z0-9_-]{43} {2}\(shown only once\)$/m);
    const secretId = /^secret id +(?<id>[0-9a-f]+)$/m.exec(added.stdout)?.groups?.['id'] ?? '';
    const list = await both(directory, 'client', 'secret', 'list', clientId);
    assert.match(list.text, new RegExp(`^${secretId} .* 2027$`, 'm'));
    const secrets = list.json['secrets'] as readonly { readonly secretId: string }[];
    assert.equal(secrets.length, 2);
    const firstId = secrets.map((one) => one.secretId).find((one) => one !== secretId) ?? '';

    const unknown = await runOn(directory, 'client', 'secret', 'remove', clientId, 'feed', '--json');
    assert.deepEqual([unknown.code, errorOf(unknown).code], [1, 'secret_unknown']);
    const removed = await runOn(directory, 'client', 'secret', 'remove', clientId, firstId);
    assert.deepEqual([removed.code, removed.stdout], [0, `removed secret ${firstId}\n`]);
    const last = await runOn(directory, 'client', 'secret', 'remove', clientId, secretId, '--json');
    assert.deepEqual([last.code, errorOf(last).code], [1, 'secret_last']);
    const forced = await runOn(directory, 'client', 'secret', 'remove', clientId, secretId, '--force');
    assert.equal(forced.code, 0);
    const badExpiry = await runOn(
      directory,
      'client',
      'secret',
      'add',
      clientId,
      '--expires-in-seconds',
      '0',
      '--json',
    );
    assert.deepEqual([badExpiry.code, errorOf(badExpiry).code], [2, 'usage']);
  });

  test('a grant is shown with its vehicles', async (t) => {
    const directory = directoryFor(t);
    const made = await runOn(
      directory,
      'client',
      'create',
      '--create-store',
      '--dialect',
      'smartcar',
      '--json',
    );
    const { clientId } = JSON.parse(made.stdout) as MadeClient;
    const store = openSqliteStore(join(directory, 'keyfob.db'));
    const vehicles = [sampleVehicle(1, { nickname: 'Blue one' }), sampleVehicle(2, { model: 'EV6' })];
    await consentTo(store, vehicles, { clientId });
    await store.close();
    const show = await both(directory, 'grant', 'show', '000000000000002a');
    assert.deepEqual(show.json['vehicles'], vehicles);
    const [one, two] = vehicles.map(({ id, vin }) => `^${id}  ${vin}  hyundai `);
    assert.match(show.text, new RegExp(`${one}IONIQ 5 2024 \\(Blue one\\)$`, 'm'));
    assert.match(show.text, new RegExp(`${two}EV6 2024$`, 'm'));
  });

  test('a grant is created, listed in pages, shown, revoked and reinstated', async (t) => {
    const directory = directoryFor(t);
    const made = await runOn(directory, 'client', 'create', '--create-store', '--dialect', 'pleos', '--json');
    const { clientId } = JSON.parse(made.stdout) as MadeClient;
    const create = ['grant', 'create', '--client', clientId, '--subject'] as const;
    const first = await runOn(directory, ...create, 'owner-1', '--brand', 'kia');
    assert.equal(first.code, 0, first.stderr);
    const firstId = /^grant id +(?<id>[0-9a-f]{16})$/m.exec(first.stdout)?.groups?.['id'] ?? '';
    assert.match(first.stdout, /^access token +[A-Za-z0-9]{428} {2}\(for 3600 s\)$/m);
    assert.match(first.stdout, /^refresh token +[A-Z0-9]{36} {2}\(until \d{4}-\d\d-\d\dT.*Z\)$/m);
    const second = await runOn(directory, ...create, 'owner-2', '--json');
    const other = JSON.parse(second.stdout) as MadeGrant;

    const show = await both(directory, 'grant', 'show', firstId);
    assert.match(show.text, /^status +active$/m);
    assert.match(show.text, /^brand +kia$/m);
    assert.deepEqual(
      [show.json['subject'], show.json['scope'], show.json['generation'], show.json['keyNumber']],
      ['owner-1', '', 0, 1],
    );

    const page = await runOn(directory, 'grant', 'list', '--limit', '1', '--json');
    const { grants, next } = JSON.parse(page.stdout) as { grants: readonly MadeGrant[]; next: string };
    const rest = await both(directory, 'grant', 'list', '--client', clientId, '--after', next);
    const ids = [...grants, ...(rest.json['grants'] as readonly MadeGrant[])].map(({ grantId }) => grantId);
    assert.deepEqual([...ids].sort(), [firstId, other.grantId].sort());
    assert.match(rest.text, /^[0-9a-f]{16} +active +0 +/m);

    const revoked = await runOn(directory, 'grant', 'revoke', firstId, '--json');
    assert.deepEqual(JSON.parse(revoked.stdout), { grantId: firstId, outcome: 'revoked' });
    const again = await runOn(directory, 'grant', 'revoke', firstId);
    assert.equal(again.stdout, `grant ${firstId} was revoked before\n`);
    assert.match((await runOn(directory, 'grant', 'show', firstId)).stdout, /^revoked +.*Z \(operator\)$/m);
    assert.equal(
      (await runOn(directory, 'grant', 'reinstate', firstId)).stdout,
      `reinstated grant ${firstId}\n`,
    );
    const untouched = await runOn(directory, 'grant', 'reinstate', firstId, '--json');
    assert.deepEqual(JSON.parse(untouched.stdout), { grantId: firstId, outcome: 'not_revoked' });

    const foreign = await runOn(
      directory,
      'client',
      'create',
      '--create-store',
      '--dialect',
      'smartcar',
      '--json',
    );
    const { clientId: smartcarId } = JSON.parse(foreign.stdout) as MadeClient;
    const branded = await runOn(
      directory,
      'grant',
      'create',
      '--client',
      smartcarId,
      '--subject',
      'owner-1',
      '--brand',
      'kia',
      '--json',
    );
    assert.deepEqual([branded.code, errorOf(branded).code], [2, 'usage']);
  });
});
