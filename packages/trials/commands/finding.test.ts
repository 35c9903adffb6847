import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openSqliteStore } from '@keyfob/server/stores';
import { KEYFOB_BIN, runKeyfob } from '../support/keyfob-process.ts';
import { directoryFor, errorOf, runOn } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';
import { COMMANDS } from './every-command.ts';

type Page = { readonly grants: readonly { readonly subject: string }[]; readonly next: string | null };

/** A directory with a client and a grant for each of these owners, and the id of the client. */
const directoryWith = async (scope: Scope, subjects: readonly string[]) => {
  const directory = directoryFor(scope);
  const made = await runOn(directory, 'client', 'create', '--dialect', 'oauth', '--create-store', '--json');
  const { clientId } = JSON.parse(made.stdout) as { readonly clientId: string };
  for (const subject of subjects)
    await runOn(directory, 'grant', 'create', '--client', clientId, '--subject', subject);
  return { directory, clientId };
};

/** Runs the command of a `More:` line as a shell would read it. */
const runMore = async (text: string) => {
  const [, line = ''] = /^More: (?:npx )?keyfob (?<words>.*)$/m.exec(text) ?? [];
  const words = [...line.matchAll(/'(?<quoted>(?:[^']|'\\'')*)'|(?<plain>\S+)/g)].map(
    ({ groups }) => groups?.['quoted']?.replaceAll("'\\''", "'") ?? groups?.['plain'] ?? '',
  );
  return runKeyfob(words);
};

/** Runs a line in bash, as a person who pasted it. */
const runLine = (line: string) => {
  const words = line.replace(/^(?:npx )?keyfob/, '"$0" "$1"');
  return spawnSync('bash', ['-c', words, process.execPath, KEYFOB_BIN], { encoding: 'utf8' });
};

/** The id in the first row of a table. */
const idOf = ({ stdout }: { readonly stdout: string }) => stdout.split('\n')[1]?.split(' ')[0] ?? '';

/** The lines of a list without its hint, with columns of any width. */
const rowsOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('More: '))
    .map((line) => line.replaceAll(/ +/g, ' '));

describe('finding grants and events', () => {
  test('"grant list" finds grants by owner, and "More:" keeps every filter', async (t) => {
    const owner = "owner o'hara 1";
    const { directory, clientId } = await directoryWith(t, [owner, 'owner-2', owner]);
    const filters = ['--subject', owner, '--client', clientId, '--status', 'active', '--since', '1h'];
    const first = await runOn(directory, 'grant', 'list', ...filters, '--limit', '1');
    assert.equal(first.code, 0, first.stderr);
    const second = await runMore(first.stdout);
    assert.equal(second.code, 0, second.stderr);
    const ids = [first, second].map(({ stdout }) => /^[0-9a-f]{16}/m.exec(stdout)?.[0]);
    assert.equal(new Set(ids).size, 2);
    for (const { stdout } of [first, second])
      assert.ok(stdout.includes(owner) && !stdout.includes('owner-2'));
    const json = await runOn(directory, 'grant', 'list', ...filters, '--json');
    const page = JSON.parse(json.stdout) as Page;
    assert.deepEqual([page.grants.length, page.next], [2, null]);
    for (const [flag, value] of [
      ['--vin', 'KMHC85LC0MU123456'],
      ['--status', 'revoked'],
      ['--request', 'x'],
    ] as const) {
      const none = await runOn(directory, 'grant', 'list', flag, value, '--json');
      assert.deepEqual(JSON.parse(none.stdout), { grants: [], next: null });
    }
  });

  test('"events" finds events by owner, and "More:" shows the older ones', async (t) => {
    const { directory } = await directoryWith(t, ['owner-1', 'owner-2', 'owner-1', 'owner-1']);
    const newest = await runOn(directory, 'events', '--subject', 'owner-1', '--limit', '2');
    assert.equal(newest.stdout.match(/grant\.created.*subject owner-1/g)?.length, 2);
    const older = await runMore(newest.stdout);
    assert.equal(older.stdout.match(/grant\.created.*subject owner-1/g)?.length, 1);
    assert.doesNotMatch(older.stdout, /More:/);
    const nothing = await runOn(directory, 'events', '--vin', 'KMHC85LC0MU123456');
    assert.deepEqual([nothing.code, nothing.stdout], [0, '']);
  });

  test('"client list" shows page after page, each client once', async (t) => {
    const { directory } = await directoryWith(t, []);
    for (const name of ['b', 'c'])
      await runOn(directory, 'client', 'create', '--dialect', 'oauth', '--name', name);
    const pages = [await runOn(directory, 'client', 'list', '--limit', '1')];
    while (pages.at(-1)?.stdout.includes('More:') === true)
      pages.push(await runMore(pages.at(-1)?.stdout ?? ''));
    const whole = JSON.parse((await runOn(directory, 'client', 'list', '--json')).stdout) as {
      readonly clients: readonly { readonly clientId: string }[];
      readonly next: null;
    };
    assert.deepEqual(
      pages.map(idOf),
      whole.clients.map(({ clientId }) => clientId),
    );
    assert.deepEqual([pages.length, whole.next], [3, null]);
    const [, second = ''] = pages.map(idOf);
    await runOn(directory, 'client', 'remove', second);
    const rest = await runMore(pages[1]?.stdout ?? '');
    assert.deepEqual([rest.code, idOf(rest)], [0, idOf(pages[2] ?? rest)]);
    const found = await runOn(directory, 'client', 'list', '--text', 'C', '--json');
    const { clients } = JSON.parse(found.stdout) as {
      readonly clients: readonly { readonly name: string }[];
    };
    assert.ok(clients.some(({ name }) => name === 'c'));
  });

  test('"More:" of every list keeps its filters and its store, and leads to what was left out', async (t) => {
    const owner = "owner o'hara 1";
    const { directory, clientId } = await directoryWith(t, []);
    await runOn(directory, 'webhook', 'add', '--url', 'https://hooks.example/a', '--event', 'grant.created');
    for (const _ of [1, 2, 3])
      await runOn(directory, 'grant', 'create', '--client', clientId, '--subject', owner);
    await runOn(directory, 'client', 'create', '--dialect', 'oauth', '--name', 'It\'s "one"');
    await runOn(directory, 'client', 'create', '--dialect', 'oauth', '--name', 'It\'s "two"');
    for (const _ of [1, 2]) await runOn(directory, 'client', 'set', clientId, '--name', 'x');
    const store = openSqliteStore(join(directory, 'keyfob.db'));
    const hour = Math.floor(Date.now() / 3_600_000);
    const counted = { hour, event: 'refresh.refused', clientId, count: 1, lastAtMs: Date.now() };
    await store.addTroubles(['revoked', 'expired', 'unknown'].map((reason) => ({ ...counted, reason })));
    const { client } = await store.readClient(clientId);
    assert.ok(client !== undefined);
    const terms = { dialect: 'oauth', profile: 'none', grantScope: '', isApproved: false } as const;
    const registration = { terms, version: 1, approvedAtMs: undefined, tokens: ['aa'.repeat(32)] };
    for (const id of ['waiting-1', 'waiting-2', 'waiting-3'])
      await store.createClient({ ...client, id, secrets: [], registration });
    await store.close();
    const lists: Readonly<Record<string, readonly string[]>> = {
      'client list': ['--text', 'It\'s "'],
      'registration list': [],
      'grant list': ['--subject', owner, '--client', clientId, '--status', 'active', '--since', '1h'],
      events: ['--subject', owner, '--client', clientId, '--since', '1h'],
      'webhook deliveries': ['--attempts'],
      'audit list': ['--target', `client:${clientId}`],
      troubles: ['--client', clientId, '--kind', 'refusals', '--since', '2h'],
    };
    const withLimit = await Promise.all(
      COMMANDS.map(async (command) => {
        const { stdout } = await runKeyfob([...command.split(' '), '--help']);
        return stdout.includes('--limit <') ? [command] : [];
      }),
    );
    assert.deepEqual(Object.keys(lists).toSorted(), withLimit.flat().toSorted());
    for (const [command, filters] of Object.entries(lists)) {
      const keys = ['--key-file', join(directory, 'keyfob.key')];
      const first = await runOn(directory, ...command.split(' '), ...filters, ...keys, '--limit', '1');
      const [hint = ''] = /^More: .*$/m.exec(first.stdout) ?? [];
      for (const flag of [...filters, ...keys, '--data'].filter((word) => word.startsWith('--')))
        assert.ok(hint.includes(` ${flag}`), `${command}: ${flag} in ${hint}`);
      const texts = [first.stdout];
      while (/^More: /m.test(texts.at(-1) ?? '')) {
        const more = await runMore(texts.at(-1) ?? '');
        assert.equal(more.code, 0, more.stderr);
        texts.push(more.stdout);
      }
      const whole = await runOn(directory, ...command.split(' '), ...filters);
      const wanted = new Set(rowsOf(whole.stdout));
      const shown = new Set(texts.flatMap(rowsOf));
      assert.deepEqual(shown, wanted, command);
      assert.ok(texts.length > 1, command);
    }
  });

  test('a line that can be pasted names the store, and reads odd values back', async (t) => {
    const directory = join(directoryFor(t), "two words' store");
    const made = await runOn(directory, 'client', 'create', '--dialect', 'oauth', '--create-store');
    const [, command = ''] = /^Next: (.*)$/m.exec(made.stdout) ?? [];
    assert.equal(runLine(command).status, 0, command);
    const [clientId = ''] = /[0-9a-f-]{36}/.exec(command) ?? [];
    const subject = "=o'hara\n\u001b[31m$HOME";
    const listed = ['grant', 'list', `--subject=${subject}`];
    for (const _ of [1, 2])
      await runOn(directory, 'grant', 'create', '--client', clientId, `--subject=${subject}`);
    const first = await runOn(directory, ...listed, '--limit', '1');
    // The subject forges no row.
    assert.equal(first.stdout.split('\n').length, 5, first.stdout);
    const second = runLine(/^More: (.*)$/m.exec(first.stdout)?.[1] ?? '');
    assert.match(second.stdout, /^[0-9a-f]{16} .*hara/m);
    assert.notEqual(idOf(second), idOf(first));
  });

  test('a malformed VIN, time or cursor exits with 2', async (t) => {
    const { directory } = await directoryWith(t, []);
    for (const words of [
      ['grant', 'list', '--vin', 'not-a-vin'],
      ['grant', 'list', '--since', 'yesterday-ish'],
      ['grant', 'list', '--status', 'dead'],
      ['events', '--vin', 'KMHC85LC0MU12345O'],
      ['events', '--before', '-3'],
      ['client', 'list', '--after', 'nobody'],
      ['registration', 'list', '--after', 'nobody'],
    ]) {
      const ended = await runOn(directory, ...words, '--json');
      assert.deepEqual([ended.code, errorOf(ended).code], [2, 'usage'], words.join(' '));
    }
  });
});
