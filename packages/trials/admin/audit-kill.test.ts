import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createGrant, openDeployment, parseConfig, registerClient } from '@keyfob/server';
import { writeGrantId } from '@keyfob/server/tokens';
import { adminClient, operatorKey } from '../support/admin-request.ts';
import { directoryFor, runOn, serverFor } from '../support/test-directory.ts';

/** More rounds with `AUDIT_KILLS=100 node --test ...`; each kills at another moment. */
const ROUNDS = Number(process.env['AUDIT_KILLS'] ?? '1');
const GRANTS = 60;
const AT_ONCE = 6;

type Entry = { readonly action: string; readonly target: string; readonly outcome: string };

/** A store with grants to revoke. */
const storeWithGrants = async (data: string): Promise<readonly string[]> => {
  const config = parseConfig({ flags: { data } });
  const deployment = await openDeployment(config, { createIfMissing: true });
  try {
    const registered = await registerClient(deployment, { dialect: 'smartcar', name: 'fleet' });
    assert.equal(registered.outcome, 'registered');
    const wanted = { clientId: registered.client.id, scope: 'read_vehicle_info', brand: undefined };
    const ids: string[] = [];
    for (let count = 0; count < GRANTS; count++) {
      const created = await createGrant(deployment, { ...wanted, subject: `owner-${count}` });
      assert.equal(created.outcome, 'created');
      ids.push(writeGrantId(created.grant.id));
    }
    return ids;
  } finally {
    await deployment.close();
  }
};

const listOn = async <Member>(directory: string, name: string, ...words: readonly string[]) => {
  const { code, stdout, stderr } = await runOn(directory, ...words, '--json');
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as Readonly<Record<string, readonly Member[]>>)[name] ?? [];
};

/** Kills a server while it revokes, after `answers` of its answers and a little more work. */
const killAmidWrites = async (t: TestContext, answers: number, turns: number): Promise<void> => {
  const directory = directoryFor(t);
  const grants = await storeWithGrants(directory);
  const server = await serverFor(t, { dataDirectory: directory, args: ['--admin-port', '0'] });
  const ask = adminClient(server, await operatorKey(server, 'admin'));
  const waiting = [...grants];
  let answered = 0;
  let killed: Promise<void> | undefined;
  const revokeNext = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const status = await ask('POST', `/grants/${id}/revoke`, { reason: 'a kill amid writes' }).then(
        (reply) => reply.status,
        () => undefined,
      );
      if (status === undefined) return;
      assert.equal(status, 200);
      if (++answered !== answers) continue;
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      killed = server.kill();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, revokeNext));
  await killed;
  const revoked = await listOn<{ readonly grantId: string }>(
    directory,
    'grants',
    'grant',
    'list',
    '--status',
    'revoked',
    '--limit',
    '1000',
  );
  const entries = await listOn<Entry>(directory, 'entries', 'audit', 'list', '--limit', '1000');
  const asked = new Set(entries.filter(({ outcome }) => outcome === 'asked').map(({ target }) => target));
  assert.ok(revoked.length >= answers, `${revoked.length} of ${answers} answered revocations are stored`);
  assert.ok(revoked.length < GRANTS, 'the server was killed too late');
  for (const { grantId } of revoked) assert.ok(asked.has(`grant:${grantId}`), `${grantId} has no entry`);
  assert.equal((await runOn(directory, 'audit', 'verify')).code, 0);
};

for (let round = 0; round < ROUNDS; round++)
  test(`a server that is killed amid writes leaves a whole audit log, and no write without an entry (${round + 1})`, (t) =>
    killAmidWrites(t, 5 + (round % 20), (round * 7) % 40));
