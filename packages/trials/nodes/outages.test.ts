import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Client, DatabaseError } from 'pg';
import { makePostgresHome } from '../support/server-store.ts';
import { startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { DIALECTS, refreshAs } from '../support/refresh-request.ts';
import type { DialectName } from '../support/dialect-name.ts';
import type { Answer } from '../support/refresh-request.ts';
import { grantFor } from '../support/test-directory.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';

/** Much longer than a server waits for its database, and much shorter than a client waits for a server. */
const QUICK_MS = 10_000;
/** SQLSTATE. */
const TOO_MANY_CONNECTIONS = '53300';

const started = await startCluster();
if ('reason' in started) test('a server whose database fails', { skip: started.reason }, () => {});
else describe('a server whose database fails', () => tryOutages(started));

type Holder = { readonly client: MadeClient; readonly grant: MadeGrant; token: string };

function tryOutages(cluster: Cluster): void {
  let proxy: Awaited<ReturnType<typeof openWireProxy>>;
  let home: Awaited<ReturnType<typeof makePostgresHome>>;
  let server: KeyfobServer;
  let holders: Record<DialectName, Holder>;

  before(async () => {
    proxy = await openWireProxy(cluster.port);
    home = await makePostgresHome(cluster, proxy.port);
    server = await startKeyfob(home);
  });
  beforeEach(async () => {
    holders = { smartcar: await hold(server, 'smartcar'), pleos: await hold(server, 'pleos') };
  });
  after(async () => {
    await server.stop();
    await proxy.close();
    await home.remove();
  });

  const refresh = async (dialect: DialectName): Promise<Answer> => {
    const { client, token } = holders[dialect];
    const answer = await refreshAs[dialect](server.url, client, token);
    if (answer.status === 200) holders[dialect].token = answer.refreshToken;
    return answer;
  };

  /** In every dialect, a refresh is answered with an outage. */
  const isOutage = async (dialects: readonly DialectName[] = DIALECTS): Promise<void> => {
    for (const dialect of dialects) {
      const beganMs = performance.now();
      const answer = await refresh(dialect);
      assert.equal(answer.status, 503, answer.text);
      assert.match(answer.headers.get('retry-after') ?? '', /^[1-9][0-9]*$/);
      assert.ok(performance.now() - beganMs < QUICK_MS);
    }
  };
  /** Every client is served in the end, as it is answered that it will be. */
  const isServing = async (): Promise<void> => {
    for (const dialect of DIALECTS) {
      for (let times = 0; times < 2; times++) {
        let answer = await refresh(dialect);
        while (answer.status === 503) answer = await refresh(dialect);
        assert.equal(answer.status, 200, answer.text);
      }
    }
    assert.equal(server.child.exitCode, null);
  };

  test('An unreachable database is a 503 with Retry-After, and is used again once it is back.', async () => {
    proxy.refuse(true);
    await isOutage();
    proxy.refuse(false);
    await isServing();
  });

  test('A database that accepts statements and does not answer is a 503 with Retry-After.', async () => {
    proxy.hold(true);
    await isOutage();
    proxy.hold(false);
    await isServing();
  });

  test('A grant whose row is locked is a 503 with Retry-After, and no other grant is delayed.', async () => {
    const holder = new Client({ connectionString: cluster.url() });
    await holder.connect();
    const id = await readId(cluster, holders.pleos);
    await holder.query(`BEGIN; SELECT id FROM grants WHERE id = ${id} FOR UPDATE`);
    const outage = isOutage(['pleos']);
    for (let times = 0; times < 5; times++) assert.equal((await refresh('smartcar')).status, 200);
    await outage;
    await holder.end();
    await isServing();
  });

  test('A full disk is a 503 with Retry-After, until there is space.', async () => {
    await cluster.ask(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
      END $$;
      CREATE TRIGGER refuse BEFORE UPDATE ON grants FOR EACH ROW EXECUTE FUNCTION refuse()`);
    await isOutage();
    await cluster.ask('DROP TRIGGER refuse ON grants');
    await isServing();
  });

  test('A database that has no connection left is a 503 with Retry-After, until it has one.', async () => {
    proxy.refuse(true);
    const others = await takeEveryConnection(cluster);
    proxy.refuse(false);
    await isOutage();
    for (const other of others) await other.end();
    await isServing();
  });
}

const hold = async (server: KeyfobServer, dialect: DialectName): Promise<Holder> => {
  const made = await grantFor(server, dialect);
  return { ...made, token: made.grant.refreshToken };
};

/** The id of the client's grant. */
const readId = async (cluster: Cluster, { client }: Holder): Promise<string> => {
  const rows = await cluster.ask<{ id: string }>(
    `SELECT id FROM grants WHERE client_id = '${client.clientId}'`,
  );
  return rows[0]?.id ?? '';
};

const takeEveryConnection = async (cluster: Cluster): Promise<readonly Client[]> => {
  const taken: Client[] = [];
  for (;;) {
    const client = new Client({ connectionString: cluster.url() });
    try {
      await client.connect();
    } catch (error) {
      assert.ok(error instanceof DatabaseError && error.code === TOO_MANY_CONNECTIONS, String(error));
      return taken;
    }
    taken.push(client);
  }
};
