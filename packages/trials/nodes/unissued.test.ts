import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { digestSecret } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import { createKeyLine, parseKeyRing, sealCode, sealRefreshToken } from '@keyfob/server/tokens';
import type { KeyRing } from '@keyfob/server/tokens';
import { createEndpoints } from '@keyfob/server/wire';
import type { WireRequest } from '@keyfob/server/wire';
import { testRandomness } from '../support/test-randomness.ts';
import { CALLER, CREATED_AT, NOW_MS, OVERLAP_POLICY, STRICT_POLICY } from '../support/samples.ts';
import { sampleClient, sampleCode, sampleGrant, sampleSecret } from '../support/samples.ts';
import { createAuthentication } from '../support/authentication.ts';
import { readAnswer, writeExchange, writeRefresh } from '../support/token-requests.ts';
import type { Answer } from '../support/token-requests.ts';
import { startCluster } from '../support/postgres/cluster.ts';
import type { Cluster } from '../support/postgres/cluster.ts';
import { REFRESH } from './refresh-bytes.ts';
import { openWireProxy } from '../support/postgres/wire-proxy.ts';
import type { WireProxy } from '../support/postgres/wire-proxy.ts';

const TITLE = 'a use that a node could not make tokens for';
const { shapes } = DIALECTS.smartcar;
const SECRET = 'a-secret-of-the-client';
const SENDER = { clientId: 'client-a', clientSecret: SECRET, brand: 'kia', idempotencyKey: undefined };
const OLD_LINE = createKeyLine(1, CREATED_AT);
const OLD_RING = parseKeyRing(OLD_LINE);
const NEW_RING = parseKeyRing(`${OLD_LINE}\n${createKeyLine(2, CREATED_AT)}`);
/** Longer than an overlap of 60 seconds, and than any race. */
const LATER_MS = NOW_MS + 3_600_000;
const NEVER_MS = 2 ** 30;

const REFRESH_REQUEST = writeRefresh.smartcar({
  ...SENDER,
  refreshToken: sealRefreshToken(OLD_RING.newest, shapes.refreshToken, 42n, 0),
});
const EXCHANGE_REQUEST = writeExchange.smartcar({
  ...SENDER,
  code: sealCode(OLD_RING.newest, shapes.code, { grantId: 43n, issuedAt: NOW_MS / 1000 }),
  redirectUri: sampleCode().redirectUri,
  codeVerifier: undefined,
});

/** A server on a port of its own to the database. It knows its clients as it read them first. */
const openNode = async (cluster: Cluster, database: string, port: number, firstRing: KeyRing) => {
  const store = await openPostgresStore(cluster.url(database, port), {
    now: () => 0,
    node: { epochMs: 20, leaseMs: NEVER_MS, attemptsMax: 1 },
  });
  const state = { ring: firstRing, nowMs: NOW_MS };
  const endpoints = createEndpoints({
    store,
    authentication: createAuthentication(store, () => {}),
    get keyRing() {
      return state.ring;
    },
    noticeKey: () => false,
    nextSerial: () => 0,
    issuer: '',
    clock: () => state.nowMs,
    randomness: testRandomness,
    emit: () => {},
  });
  const ask = async (request: WireRequest): Promise<Answer> =>
    readAnswer.smartcar(await endpoints.respond(request, CALLER));
  /** As a client does that was answered 503. */
  const askUntilAnswered = async (request: WireRequest): Promise<Answer> => {
    for (;;) {
      const answer = await ask(request);
      if (answer.kind !== 'outage') return answer;
    }
  };
  return { store, state, ask, askUntilAnswered };
};

type TestNode = Awaited<ReturnType<typeof openNode>>;
type Nodes = {
  /** Has both keys, and is behind the proxy. */
  readonly first: TestNode;
  /** Has only the old key. */
  readonly second: TestNode;
  /** Has both keys. */
  readonly third: TestNode;
  readonly proxy: WireProxy;
  readonly read: (sql: string) => Promise<unknown>;
};

const started = await startCluster();
if ('reason' in started) test(TITLE, { skip: started.reason }, () => {});
else {
  after(() => started.remove());
  describe(TITLE, () => tryUnissued(started));
}

function tryUnissued(cluster: Cluster): void {
  let count = 0;

  const onNodes = (name: string, policy: typeof OVERLAP_POLICY, body: (nodes: Nodes) => Promise<void>) => {
    test(name, async () => {
      const database = `unissued_${++count}`;
      await cluster.createDatabase(database);
      const proxy = await openWireProxy(cluster.port);
      const first = await openNode(cluster, database, proxy.port, NEW_RING);
      const second = await openNode(cluster, database, cluster.port, OLD_RING);
      const third = await openNode(cluster, database, cluster.port, NEW_RING);
      try {
        const secrets = [sampleSecret('a', { digest: digestSecret(SECRET) })];
        await first.store.createClient(sampleClient({ secrets, policy }));
        await first.store.createGrant(sampleGrant());
        await first.store.createCode(sampleCode({ grantId: 43n }));
        await second.store.readClient('client-a');
        const read = async (sql: string): Promise<unknown> =>
          Object.values((await cluster.ask(sql, database))[0] ?? {})[0];
        await body({ first, second, third, proxy, read });
      } finally {
        await Promise.all([first, second, third].map(({ store }) => store.close()));
        await proxy.close();
      }
    });
  };

  for (const [name, policy, retryMs] of [
    ['strict, at once', STRICT_POLICY, NOW_MS + 10],
    ['strict, an hour later', STRICT_POLICY, LATER_MS],
    ['overlap, an hour later', OVERLAP_POLICY, LATER_MS],
  ] as const) {
    /** The first node rotates the token under the new key, and its answer is lost. */
    const loseRefresh = async ({ first, second, third, proxy, read }: Nodes): Promise<void> => {
      const met = proxy.fail('hold', REFRESH[0]);
      const answer = first.ask(REFRESH_REQUEST);
      await met;
      while ((await read('SELECT generation::integer FROM grants WHERE id = 42')) !== 1);
      proxy.refuse(true);
      assert.equal((await answer).kind, 'outage');
      proxy.refuse(false);
      while ((await read('SELECT issued_by::text FROM grants WHERE id = 42')) !== '0');
      for (const { state } of [first, second, third]) state.nowMs = retryMs;
      assert.equal((await second.ask(REFRESH_REQUEST)).kind, 'outage');
    };

    onNodes(`a refresh is answered by another node: ${name}`, policy, async (nodes) => {
      await loseRefresh(nodes);
      const { third } = nodes;
      assert.equal((await third.askUntilAnswered(REFRESH_REQUEST)).kind, 'granted');
      third.state.nowMs += 3_600_000;
      assert.equal((await third.askUntilAnswered(REFRESH_REQUEST)).kind, 'dead');
    });

    onNodes(`a refresh is answered by the same node, once it has the key: ${name}`, policy, async (nodes) => {
      await loseRefresh(nodes);
      const { second } = nodes;
      assert.equal((await second.ask(REFRESH_REQUEST)).kind, 'outage');
      second.state.ring = NEW_RING;
      assert.equal((await second.askUntilAnswered(REFRESH_REQUEST)).kind, 'granted');
      second.state.nowMs += 3_600_000;
      assert.equal((await second.askUntilAnswered(REFRESH_REQUEST)).kind, 'dead');
    });
  }

  onNodes('a repeat within the overlap is answered after it', OVERLAP_POLICY, async ({ first, second }) => {
    assert.equal((await first.ask(REFRESH_REQUEST)).kind, 'granted');
    second.state.nowMs += 59_000;
    assert.equal((await second.ask(REFRESH_REQUEST)).kind, 'outage');
    second.state.nowMs = LATER_MS;
    second.state.ring = NEW_RING;
    assert.equal((await second.askUntilAnswered(REFRESH_REQUEST)).kind, 'granted');
    assert.equal((await second.askUntilAnswered(REFRESH_REQUEST)).kind, 'dead');
  });

  onNodes('a code is exchanged at another node', STRICT_POLICY, async (nodes) => {
    await loseExchange(nodes);
    const { third } = nodes;
    assert.equal((await third.askUntilAnswered(EXCHANGE_REQUEST)).kind, 'granted');
    assert.equal((await third.askUntilAnswered(EXCHANGE_REQUEST)).kind, 'dead');
  });

  onNodes('a code is exchanged at the same node, once it has the key', STRICT_POLICY, async (nodes) => {
    await loseExchange(nodes);
    const { second } = nodes;
    second.state.ring = NEW_RING;
    assert.equal((await second.askUntilAnswered(EXCHANGE_REQUEST)).kind, 'granted');
    assert.equal((await second.askUntilAnswered(EXCHANGE_REQUEST)).kind, 'dead');
  });
}

/** The first node makes the grant of a code under the new key, and its answer is lost. */
const loseExchange = async ({ first, second, proxy, read }: Nodes): Promise<void> => {
  const met = proxy.fail('hold', 'COMMIT\0');
  const answer = first.ask(EXCHANGE_REQUEST);
  await met;
  while ((await read('SELECT count(*)::integer FROM grants WHERE id = 43')) !== 1);
  proxy.refuse(true);
  assert.equal((await answer).kind, 'outage');
  proxy.refuse(false);
  while ((await read('SELECT issued_by::text FROM codes WHERE grant_id = 43')) !== '0');
  assert.equal((await second.ask(EXCHANGE_REQUEST)).kind, 'outage');
};
