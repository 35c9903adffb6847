import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { directoryFor, errorOf, runOn } from '../support/test-directory.ts';

describe('commands about owners and about clients that register themselves', () => {
  test('"owner export" writes all consents of an owner into a file for its user alone, and notes it', async (t) => {
    const directory = directoryFor(t);
    const client = await runOn(
      directory,
      'client',
      'create',
      '--dialect',
      'oauth',
      '--create-store',
      '--json',
    );
    const { clientId } = JSON.parse(client.stdout) as { readonly clientId: string };
    const made = await runOn(directory, 'grant', 'create', '--client', clientId, '--subject', 'o', '--json');
    const { grantId } = JSON.parse(made.stdout) as { readonly grantId: string };
    const file = join(directory, 'records.json');
    const words = ['owner', 'export', 'o', '--out', file, '--json'] as const;
    const done = await runOn(directory, ...words, '--reason', 'asked by mail');
    assert.deepEqual(JSON.parse(done.stdout), { file, consents: 1 });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const { consents } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly consents: readonly {
        readonly grantId: string;
        readonly access: { readonly events: unknown[] };
      }[];
    };
    assert.deepEqual(
      consents.map((one) => [one.grantId, one.access.events.length]),
      [[grantId, 1]],
    );
    const audit = await runOn(directory, 'audit', 'list', '--limit', '1');
    assert.match(audit.stdout, /owner\.export +asked by mail/);
    assert.equal(errorOf(await runOn(directory, ...words)).code, 'file_exists');
    assert.equal((await runOn(directory, ...words, '--force')).code, 0);
    const other = await runOn(directory, 'owner', 'export', 'nobody', '--out', `${file}.2`, '--json');
    assert.equal(errorOf(other).code, 'owner_unknown');
    const nowhere = join(directory, 'no', 'folder.json');
    const failed = await runOn(directory, 'owner', 'export', 'o', '--out', nowhere, '--json');
    assert.equal(errorOf(failed).code, 'file_unusable');
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.includes('partial') || name.includes('.2')),
      [],
    );
  });

  test('"registration" makes tokens, lists them and ends them, and decides nothing that nobody asked for', async (t) => {
    const directory = directoryFor(t);
    await runOn(directory, 'client', 'create', '--dialect', 'oauth', '--create-store');
    const words = [
      'registration',
      'create',
      '--dialect',
      'oauth',
      '--uses',
      '2',
      '--days',
      '3',
      '--json',
    ] as const;
    const made = await runOn(directory, ...words, '--grant-scope', 'read_odometer', '--name', 'Example GmbH');
    const { tokenId, registrationToken, usesLeft } = JSON.parse(made.stdout) as {
      readonly tokenId: string;
      readonly registrationToken: string;
      readonly usesLeft: number;
    };
    assert.match(registrationToken, /^kfi_[\w-]{43}$/);
    assert.equal(usesLeft, 2);
    const listed = await runOn(directory, 'registration', 'tokens');
    assert.ok(listed.stdout.includes(tokenId) && !listed.stdout.includes(registrationToken));
    const wrong = await runOn(directory, ...words, '--grant-scope', 'read_nothing');
    assert.match(errorOf(wrong).message, /--grant-scope names read_nothing/);
    assert.equal((await runOn(directory, ...words, '--uses', '101')).code, 2);
    assert.match((await runOn(directory, 'registration', 'list')).stdout, /No client waits/);
    const decided = await runOn(directory, 'registration', 'approve', 'nobody', '--seen', '1', '--json');
    assert.equal(errorOf(decided).code, 'registration_unknown');
    assert.equal((await runOn(directory, 'registration', 'remove', tokenId)).code, 0);
    const again = await runOn(directory, 'registration', 'remove', tokenId, '--json');
    assert.equal(errorOf(again).code, 'registration_token_unknown');
    const audit = (await runOn(directory, 'audit', 'list')).stdout;
    assert.match(audit, /registration_token\.make/);
    assert.ok(!audit.includes(registrationToken));
  });
});
