import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { toMillis } from '@keyfob/server/grants';
import { openDeployment, parseConfig, readAccess } from '@keyfob/server';
import type { Deployment } from '@keyfob/server';
import { DIALECTS as WIRES } from '@keyfob/server/dialects';
import { sealCode } from '@keyfob/server/tokens';
import type { KeyfobServer, MadeClient } from '../support/keyfob-process.ts';
import { DIALECTS, exchangeAs, refreshAs, refusalOf } from '../support/refresh-request.ts';
import type { DialectName } from '../support/dialect-name.ts';
import type { Answer } from '../support/refresh-request.ts';
import { untilLogged } from '../support/run-command.ts';
import { directoryFor, grantFor, serverFor } from '../support/test-directory.ts';
import type { Scope } from '../support/test-directory.ts';

const REDIRECT = 'https://app.example/callback';
const REFUSED: Readonly<Record<DialectName, readonly [number, string]>> = {
  smartcar: [401, 'invalid_client'],
  pleos: [400, '401'],
};

/** Two servers on one data directory, which this process opens too, to give consent and to check access. */
const twoServers = async (scope: Scope) => {
  const dataDirectory = directoryFor(scope);
  const one = await serverFor(scope, { dataDirectory });
  const other = await serverFor(scope, { dataDirectory });
  const config = parseConfig({ flags: { data: dataDirectory }, environment: {}, file: {} });
  const deployment = await openDeployment(config);
  scope.after(() => deployment.close());
  return { servers: [one, other] as const, deployment };
};

type Rotated = { readonly keys: readonly { readonly number: number }[] };

/** The code that an owner brings back to the client. */
const consent = async (
  deployment: Deployment,
  dialect: DialectName,
  { clientId }: MadeClient,
): Promise<string> => {
  const { store } = deployment;
  deployment.noticeKeys((await store.readClient(clientId)).keys);
  const grantId = randomBytes(8).readBigInt64BE();
  const issuedAt = Math.floor(Date.now() / 1000);
  const created = await store.createCode({
    grantId,
    clientId,
    redirectUri: REDIRECT,
    codeChallenge: undefined,
    issuedAtMs: toMillis(issuedAt),
    subject: 'owner-1',
    scope: '',
    brand: undefined,
    vehicles: [],
  });
  assert.equal(created, 'created');
  return sealCode(deployment.keyRing.seal.active, WIRES[dialect].shapes.code, { grantId, issuedAt });
};

const isAlive = async (deployment: Deployment, dialect: DialectName, accessToken: string): Promise<boolean> =>
  (await readAccess(deployment, WIRES[dialect].shapes.accessToken, accessToken)) !== undefined;

const assertGiven = (answer: Answer, what: string): Answer => {
  assert.equal(answer.status, 200, `${what}: ${answer.text}`);
  return answer;
};

describe('Two servers on one data directory', () => {
  for (const dialect of DIALECTS) {
    test(
      `${dialect}: keys rotate under load, and no client is refused anything`,
      { timeout: 120_000 },
      async (t) => {
        const { servers, deployment } = await twoServers(t);
        const [one, other] = servers;
        const urlOf = (turn: number): string => (turn % 2 === 0 ? one : other).url;
        const { client } = await grantFor(one, dialect);
        const accessTokens: string[] = [];
        let isRotating = true;

        /** A client that redeems a code and refreshes on either server until the key rotations are over, and once more. */
        const live = async (code: string, first: number): Promise<number> => {
          let turn = first;
          let pair = assertGiven(await exchangeAs[dialect](urlOf(turn), client, code, REDIRECT), 'a code');
          for (let isLast = false; !isLast;) {
            isLast = !isRotating;
            turn++;
            accessTokens.push(pair.accessToken);
            pair = assertGiven(
              await refreshAs[dialect](urlOf(turn), client, pair.refreshToken),
              `turn ${turn}`,
            );
          }
          return turn - first;
        };

        const lives = await Promise.all(
          [0, 1, 2, 3].map((turn) => consent(deployment, dialect, client).then((code) => ({ code, turn }))),
        );
        const running = lives.map(({ code, turn }) => live(code, turn));
        const kept: string[] = [];
        for (let number = 5; number <= 7; number++) {
          for (let times = 0; times < 4; times++) kept.push(await consent(deployment, dialect, client));
          const rotated = await one.spawnCommand<Rotated>('keys', 'rotate', '--purpose', 'seal');
          assert.deepEqual(
            rotated.keys.map((key) => key.number),
            [number],
          );
          // Sealed with an older key, and with a new key that neither server may have seen.
          const codes = [...kept.splice(0, 2), await consent(deployment, dialect, client)];
          const exchanges = codes.map((code, turn) =>
            exchangeAs[dialect](urlOf(turn), client, code, REDIRECT),
          );
          for (const answer of await Promise.all(exchanges))
            accessTokens.push(assertGiven(answer, 'a code').accessToken);
        }
        isRotating = false;
        for (const turns of await Promise.all(running)) assert.ok(turns > 0);
        for (const [turn, code] of kept.entries())
          assertGiven(await exchangeAs[dialect](urlOf(turn), client, code, REDIRECT), 'an old code');
        for (const server of servers) await untilLogged(server, 'keys.reloaded');
        assert.equal(new Set(accessTokens).size, accessTokens.length, 'no two access tokens are alike');
        for (const accessToken of accessTokens) assert.ok(await isAlive(deployment, dialect, accessToken));
      },
    );

    test(`${dialect}: both servers refuse a disabled client and a removed secret from the next request on`, async (t) => {
      const { servers, deployment } = await twoServers(t);
      const { client, grant } = await grantFor(servers[0], dialect);
      const { clientId } = client;
      const added = await servers[0].command<MadeClient & { secretId: string }>(
        'client',
        'secret',
        'add',
        clientId,
      );
      let { refreshToken } = grant;
      const codes = await Promise.all(Array.from({ length: 8 }, () => consent(deployment, dialect, client)));

      const isServed = async (who: MadeClient): Promise<void> => {
        for (const { url } of servers) {
          const answer = await refreshAs[dialect](url, who, refreshToken);
          ({ refreshToken } = assertGiven(answer, 'a refresh'));
          const code = codes.pop() ?? '';
          assertGiven(await exchangeAs[dialect](url, who, code, REDIRECT), 'a code');
        }
      };
      const isRefused = async (who: MadeClient): Promise<void> => {
        const code = codes.at(-1) ?? '';
        for (const { url } of servers) {
          const exchanged = await exchangeAs[dialect](url, who, code, REDIRECT);
          assert.deepEqual([exchanged.status, refusalOf(exchanged)], REFUSED[dialect]);
          const refreshed = await refreshAs[dialect](url, who, refreshToken);
          assert.deepEqual([refreshed.status, refusalOf(refreshed)], REFUSED[dialect]);
        }
      };

      await isServed(added);
      await servers[0].command('client', 'secret', 'remove', clientId, added.secretId);
      await isRefused(added);
      await isServed(client);
      await servers[0].command('client', 'disable', clientId);
      await isRefused(client);
      assert.equal(await isAlive(deployment, dialect, grant.accessToken), false);
      await servers[0].command('client', 'enable', clientId);
      await isServed(client);
      assert.equal(await isAlive(deployment, dialect, grant.accessToken), true);
    });
  }

  test('a resource server gets no tokens, whatever it presents', async (t) => {
    const server: KeyfobServer = await serverFor(t);
    const create = ['client', 'create', '--dialect', 'smartcar', '--type', 'resource-server'] as const;
    const api = await server.command<MadeClient>(...create);
    const { grant } = await grantFor(server, 'smartcar');
    const refreshed = await refreshAs.smartcar(server.url, api, grant.refreshToken);
    assert.deepEqual([refreshed.status, refusalOf(refreshed)], [400, 'unauthorized_client']);
    const code = '0d3a5d8e-9f0b-41c6-8d2e-7a6b5c4d3e2f';
    const exchanged = await exchangeAs.smartcar(server.url, api, code, REDIRECT);
    assert.deepEqual([exchanged.status, refusalOf(exchanged)], [400, 'unauthorized_client']);
    const wrong = { ...api, clientSecret: 'guess' };
    assert.equal((await refreshAs.smartcar(server.url, wrong, grant.refreshToken)).status, 401);
  });
});
