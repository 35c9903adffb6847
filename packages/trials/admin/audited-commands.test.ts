import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import { directoryFor, runOn } from '../support/test-directory.ts';

type Entry = {
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly reason: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** Runs a command that must succeed, and answers its JSON. */
const run = async (directory: string, ...words: readonly string[]): Promise<Record<string, unknown>> => {
  const { code, stdout, stderr } = await runOn(directory, ...words, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
};

/** The entries of the audit log, oldest first, from the first with this action on; the chain is whole. */
const entriesFrom = async (directory: string, action: string): Promise<readonly Entry[]> => {
  await run(directory, 'audit', 'verify');
  const { entries } = await run(directory, 'audit', 'list');
  const oldestFirst = (entries as readonly Entry[]).toReversed();
  return oldestFirst.slice(oldestFirst.findIndex((entry) => entry.action === action) + 1);
};

const storeWithGrant = async (t: TestContext): Promise<{ directory: string; grantId: string }> => {
  const directory = directoryFor(t);
  const { clientId } = await run(directory, 'client', 'create', '--create-store', '--dialect', 'oauth');
  const words = ['grant', 'create', '--client', String(clientId), '--subject', 'owner-5518', '--reason', 'x'];
  const { grantId } = await run(directory, ...words);
  return { directory, grantId: String(grantId) };
};

describe('the audit log', () => {
  test('has what a command showed of a grant by name, and no name of an owner', async (t) => {
    const { directory, grantId } = await storeWithGrant(t);
    await run(directory, 'grant', 'show', grantId.toUpperCase());
    assert.equal((await runOn(directory, 'grant', 'show', '00000000000000aa')).code, 1);
    await run(directory, 'grant', 'list');
    await run(directory, 'grant', 'list', '--subject', 'owner-5518');
    await runOn(directory, 'events', '--grant', grantId);
    await runOn(directory, 'events');
    const looks = await entriesFrom(directory, 'grant.create');
    assert.deepEqual(
      looks.map(({ action, target, outcome, details }) => [action, target, outcome, details]),
      [
        ['grant.read', `grant:${grantId}`, 'seen', {}],
        ['grant.find', '', 'seen', { by: ['subject'] }],
        ['grant.find', `grant:${grantId}`, 'seen', { by: ['grant'] }],
      ],
    );
    assert.doesNotMatch(JSON.stringify(looks), /owner-5518/);
  });

  test('names what a command makes before it is made', async (t) => {
    const { directory, grantId } = await storeWithGrant(t);
    const { entries } = await run(directory, 'audit', 'list', '--target', `grant:${grantId}`);
    assert.deepEqual(
      (entries as readonly Entry[]).map(({ action }) => action),
      ['grant.create'],
    );
    const { clients } = await run(directory, 'client', 'list');
    const [{ clientId } = {}] = clients as readonly Readonly<Record<string, unknown>>[];
    const made = [
      ['client.create', `client:${String(clientId)}`],
      ['grant.create', `grant:${grantId}`],
    ];
    for (const [action, id, ...words] of [
      ['webhook.add', 'webhookId', 'webhook', 'add', '--url', 'https://hooks.example/in'],
      ['operator_key.add', 'keyId', 'operator', 'key', 'add', '--name', 'Day desk', '--role', 'viewer'],
      ['registration_token.make', 'tokenId', 'registration', 'create', '--dialect', 'oauth', '--name', 'x'],
    ] as const) {
      const answer = await run(directory, ...words);
      made.push([action, `${action.split('.')[0]}:${String(answer[id])}`]);
    }
    const all = (await run(directory, 'audit', 'list'))['entries'] as readonly Entry[];
    assert.deepEqual(all.map(({ action, target }) => [action, target]).toReversed(), made);
  });

  test('has backups, restores and copies of the store, whichever log a restore keeps', async (t) => {
    const { directory } = await storeWithGrant(t);
    const other = directoryFor(t);
    const file = join(directoryFor(t), 'backup.db');
    await run(directory, 'backup', file, '--reason', 'before the update');
    await run(directory, 'restore', file, '--reason', 'the update failed');
    const copy = ['--from', `sqlite:${directory}`, '--to', `sqlite:${other}`, '--no-switch'];
    const { code, stderr } = await runKeyfob(['copy', ...copy, '--reason', 'a rehearsal']);
    assert.equal(code, 0, stderr);
    await run(directory, 'migrate');
    assert.deepEqual(
      (await entriesFrom(directory, 'grant.create')).map(({ action, reason }) => [action, reason]),
      [
        ['store.backup', 'before the update'],
        ['store.restore', 'the update failed'],
        ['store.copy', 'a rehearsal'],
      ],
    );
  });

  test('has a restore into a store whose own log was shorter', async (t) => {
    const { directory } = await storeWithGrant(t);
    const file = join(directoryFor(t), 'backup.db');
    for (let looks = 0; looks < 5; looks++) await run(directory, 'grant', 'list', '--subject', 'owner-5518');
    await run(directory, 'backup', file);
    const other = directoryFor(t);
    const { code, stderr } = await runOn(other, 'restore', file, '--key-file', join(directory, 'keyfob.key'));
    assert.equal(code, 0, stderr);
    const words = ['audit', 'list', '--key-file', join(directory, 'keyfob.key')];
    const { entries } = await run(other, ...words);
    assert.deepEqual(
      (entries as readonly Entry[]).slice(0, 2).map(({ action }) => action),
      ['store.restore', 'store.backup'],
    );
  });

  test('says all of what a command does, or the command does nothing', async (t) => {
    const { directory, grantId } = await storeWithGrant(t);
    const long = Array.from({ length: 40 }, (_, at) => `https://app.example/${at}?${'a.b.'.repeat(50)}`);
    const redirects = [...long, 'https://evil.example/cb'].flatMap((url) => ['--redirect-uri', url]);
    const file = join(directoryFor(t), 'backup.db');
    const reason = `${'why '.repeat(125)}!`;
    for (const [words, fault] of [
      [['client', 'create', '--dialect', 'oauth', ...redirects], /too much for one entry of the audit log/],
      [['grant', 'revoke', grantId, '--reason', reason], /--reason must have at most 500 characters/],
      [['backup', file, '--reason', reason], /--reason must have at most 500 characters/],
      [['owner', 'export', 'owner-5518', '--out', file, '--reason', reason], /at most 500 characters/],
    ] as const) {
      const { code, stderr } = await runOn(directory, ...words);
      assert.equal(code, 2, stderr);
      assert.match(stderr, fault);
    }
    assert.equal(existsSync(file), false);
    assert.doesNotMatch(JSON.stringify(await run(directory, 'client', 'list')), /evil/);
    assert.deepEqual(await entriesFrom(directory, 'grant.create'), []);
    const longest = reason.slice(1);
    await run(directory, 'grant', 'revoke', grantId, '--reason', longest);
    assert.equal((await entriesFrom(directory, 'grant.create'))[0]?.reason, longest);
  });
});
