import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { runKeyfob } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { errorOf, grantFor, serverFor } from '../support/test-directory.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';

const asUser = (user: string, url: string): string => url.replace('//keyfob:', `//${user}:`);

const cluster = await startCluster();
if ('reason' in cluster) test('rights on PostgreSQL', { skip: cluster.reason }, () => {});
else {
  after(() => cluster.remove());
  describe('rights on PostgreSQL', () => tryRights(cluster));
}

function tryRights({ ask, url }: Cluster): void {
  test('A user who may not create tables serves what the owner migrated, with the rights that the documentation lists.', async (t) => {
    await ask('CREATE ROLE keyfob_owner LOGIN');
    await ask('CREATE ROLE keyfob_server LOGIN');
    await ask('CREATE DATABASE split OWNER keyfob_owner');
    await ask(
      `ALTER DEFAULT PRIVILEGES FOR ROLE keyfob_owner IN SCHEMA public
       GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO keyfob_server`,
      'split',
    );
    await ask("ALTER ROLE keyfob_server SET statement_timeout = '10s'");
    const key = (await runKeyfob(['keys', 'create'])).stdout.trim();
    const environment = { KEYFOB_STORE: asUser('keyfob_server', url('split')), KEYFOB_KEY: key };
    const early = await runKeyfob(['serve', '--port', '0', '--json'], environment);
    assert.equal(errorOf(early).code, 'store_rights_missing');
    const migrated = await runKeyfob(['migrate'], { KEYFOB_STORE: asUser('keyfob_owner', url('split')) });
    assert.equal(migrated.code, 0, migrated.stderr);
    const server = await serverFor(t, { environment });
    const { client, grant } = await grantFor(server, 'smartcar');
    assert.equal((await refreshSmartcar(server.url, client, grant.refreshToken)).status, 200);
    await server.command('grant', 'revoke', grant.grantId);
    await server.command('prune', '--older-than-days', '0');
  });

  test('A user without rights on a table that an upgrade added is refused at the start, instead of ready and 503.', async () => {
    await ask('CREATE ROLE keyfob_late LOGIN');
    await ask('CREATE DATABASE upgraded');
    const key = (await runKeyfob(['keys', 'create'])).stdout.trim();
    const migrated = await runKeyfob(['migrate'], { KEYFOB_STORE: url('upgraded') });
    assert.equal(migrated.code, 0, migrated.stderr);
    const rights = 'SELECT, INSERT, UPDATE, DELETE';
    await ask(`GRANT ${rights} ON ALL TABLES IN SCHEMA public TO keyfob_late`, 'upgraded');
    await ask('REVOKE INSERT ON nodes FROM keyfob_late', 'upgraded');
    const environment = { KEYFOB_STORE: asUser('keyfob_late', url('upgraded')), KEYFOB_KEY: key };
    for (const words of [
      ['serve', '--port', '0', '--json'],
      ['client', 'list', '--json'],
    ]) {
      const { code, message } = errorOf(await runKeyfob(words, environment));
      assert.equal(code, 'store_rights_missing');
      assert.match(message, /on nodes$/);
    }
    const { stdout } = await runKeyfob(['doctor'], environment);
    assert.match(stdout, /fail {2}store .*on nodes\n/);
  });
}
