import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Emit } from '@keyfob/server';
import { digestSecret } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import { openSqliteStore } from '@keyfob/server/stores';
import {
  createKeyLine,
  createKeyLines,
  parseKeyRing,
  sealRefreshToken,
  writeGrantId,
} from '@keyfob/server/tokens';
import { createEndpoints } from '@keyfob/server/wire';
import type { WireRequest } from '@keyfob/server/wire';
import { createAuthentication } from '../support/authentication.ts';
import { CALLER, CREATED_AT, NOW_MS, sampleClient, sampleGrant, sampleSecret } from '../support/samples.ts';
import { testRandomness } from '../support/test-randomness.ts';
import { readAnswer, writeRefresh } from '../support/token-requests.ts';

const directory = mkdtempSync(join(tmpdir(), 'keyfob-turn-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const SECRET = 'a-secret-of-the-client';
const OLD_LINE = createKeyLines(1, CREATED_AT);
const LOST_RING = parseKeyRing(createKeyLines(9, CREATED_AT));
const RING = parseKeyRing(`${OLD_LINE}\n${createKeyLine(5, 'seal', CREATED_AT)}`);
const OLD = RING.seal.find(1) ?? RING.seal.active;
const { active: NEWEST } = RING.seal;
const UUID = DIALECTS.smartcar.shapes.refreshToken;
const BASE36 = DIALECTS.pleos.shapes.refreshToken;

const smartcar = (refreshToken: string, clientSecret = SECRET): WireRequest =>
  writeRefresh.smartcar({
    clientId: 'client-a',
    clientSecret,
    refreshToken,
    brand: 'kia',
    idempotencyKey: undefined,
  });
const pleos = (refreshToken: string): WireRequest =>
  writeRefresh.pleos({
    clientId: 'client-p',
    clientSecret: SECRET,
    refreshToken,
    brand: 'kia',
    idempotencyKey: undefined,
  });

const secretsOf = (id: string) => [sampleSecret(id, { digest: digestSecret(SECRET) })];

/** One server with its own store, and one request to it for every outcome. */
const openServer = async (name: string, emit: Emit = () => {}) => {
  const store = openSqliteStore(join(directory, name));
  await store.createClient(sampleClient({ secrets: secretsOf('a') }));
  await store.createClient(sampleClient({ id: 'client-p', dialect: 'pleos', secrets: secretsOf('p') }));
  for (const id of [1n, 2n, 3n, 4n, 5n, 6n]) await store.createGrant(sampleGrant({ id, keyNumber: 5 }));
  await store.createGrant(sampleGrant({ id: 7n, generation: 1, keyNumber: 9, rotatedAtMs: [NOW_MS - 1000] }));
  for (const id of [11n, 12n])
    await store.createGrant(sampleGrant({ id, clientId: 'client-p', brand: 'kia', keyNumber: 5 }));
  await store.revoke(3n, { nowMs: NOW_MS - 1, cause: 'operator' });
  let serial = 0;
  const endpoints = createEndpoints({
    store,
    authentication: createAuthentication(store, () => {}),
    keyRing: RING,
    noticeKeys: () => false,
    nextSerial: () => serial++,
    issuer: '',
    clock: () => NOW_MS,
    doubt: () => undefined,
    randomness: testRandomness,
    emit,
  });
  const ask = async ([dialect, request]: Asked) => {
    const answer = readAnswer[dialect](await endpoints.respond(request, CALLER));
    // A refresh token depends on its grant and generation only; an access token also on how many were issued before it.
    return answer.kind === 'granted' ? { kind: answer.kind, refreshToken: answer.refreshToken } : answer;
  };
  return { ask, close: () => store.close() };
};

type Asked = readonly ['smartcar' | 'pleos', WireRequest];

const ASKED: readonly (readonly [string, Asked])[] = [
  ['granted', ['smartcar', smartcar(sealRefreshToken(NEWEST, UUID, 1n, 0))]],
  ['broken', ['smartcar', smartcar('no token at all')]],
  ['granted', ['smartcar', smartcar(sealRefreshToken(OLD, UUID, 2n, 0))]],
  ['dead', ['smartcar', smartcar(sealRefreshToken(LOST_RING.seal.active, UUID, 4n, 0))]],
  ['dead', ['smartcar', smartcar(sealRefreshToken(NEWEST, UUID, 3n, 0))]],
  ['granted', ['pleos', pleos(sealRefreshToken(NEWEST, BASE36, 11n, 0))]],
  ['unauthenticated', ['smartcar', smartcar(sealRefreshToken(NEWEST, UUID, 4n, 0), 'a guess')]],
  ['dead', ['smartcar', smartcar(sealRefreshToken(NEWEST, UUID, 99n, 0))]],
  ['granted', ['smartcar', smartcar(sealRefreshToken(NEWEST, UUID, 5n, 0))]],
  // A repeat whose key is missing from the ring: its tokens cannot be issued.
  ['outage', ['smartcar', smartcar(sealRefreshToken(NEWEST, UUID, 7n, 0))]],
  ['granted', ['pleos', pleos(sealRefreshToken(OLD, BASE36, 12n, 0))]],
  // Ahead of the store by one: a resync.
  ['granted', ['smartcar', smartcar(sealRefreshToken(NEWEST, UUID, 6n, 1))]],
];

test('requests that are read in one turn of the event loop get the answers that each gets alone', async () => {
  const [together, alone] = [await openServer('together.db'), await openServer('alone.db')];
  const answers = await Promise.all(ASKED.map(([, asked]) => together.ask(asked)));
  const expected = [];
  for (const [, asked] of ASKED) expected.push(await alone.ask(asked));
  assert.deepEqual(answers, expected);
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ASKED.map(([kind]) => kind),
  );
  await together.close();
  await alone.close();
});

test('a bug on the way to one answer, after the commit, costs the other requests of the turn nothing', async () => {
  let thrown = 0;
  const server = await openServer('bug.db', (event) => {
    if (event.event !== 'refresh.rotated' || event.grantId !== writeGrantId(2n)) return;
    thrown++;
    throw new Error('a bug');
  });
  const asked = [1n, 2n, 5n].map((id): Asked => [
    'smartcar',
    smartcar(sealRefreshToken(NEWEST, UUID, id, 0)),
  ]);
  const answers = await Promise.all(asked.map(server.ask));
  assert.deepEqual(
    answers.map(({ kind }) => kind),
    ['granted', 'broken', 'granted'],
  );
  assert.equal(thrown, 1);
  await server.close();
});
