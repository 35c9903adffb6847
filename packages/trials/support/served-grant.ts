import assert from 'node:assert/strict';
import { once } from 'node:events';
import { DIALECTS } from '@keyfob/server/dialects';
import type { DialectName, FixtureDialect } from './dialect-name.ts';
import { removeDataDirectory, startKeyfob, UNTHROTTLED } from './keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from './keyfob-process.ts';
import { sendRaw, writeRequest } from './raw-request.ts';
import type { RawResponse, RequestParts } from './raw-request.ts';

/** The brand of every Pleos grant in these trials. */
export const BRAND = 'hyundai';

const PARTS_MIN_CHARACTERS = 12;
const AUTHORIZATION = /^authorization: *\w+ +(?<credentials>[A-Za-z0-9+/=]+)\r$/gim;

/**
 * A server under trial with one good grant of one client, its newest refresh token, and the credentials of other clients,
 * which must not work for this grant.
 */
export type ServedGrant = {
  readonly server: KeyfobServer;
  readonly client: MadeClient;
  readonly grant: MadeGrant;
  /** Another client of the same dialect, with its own grant. */
  readonly otherClient: MadeClient & MadeGrant;
  /** A client of the other dialect, with its own grant. */
  readonly otherDialectClient: MadeClient & MadeGrant;
  /** The newest refresh token. */
  refreshToken: string;
  /** How often the grant has been refreshed. */
  refreshes: number;
  /** Adds strings that the log must not contain. */
  addSecrets(...secrets: readonly string[]): void;
  /** The parts of a good request with these changes. Headers are replaced one by one. */
  parts(changes?: RequestParts): RequestParts;
  /**
   * Sends bytes and returns the only response. It must not be a 5xx, and a refusal must not echo a secret. Credentials in an
   * `Authorization` header count as secrets.
   */
  exchange(bytes: Buffer | string, options?: { readonly isCutShort?: boolean }): Promise<RawResponse>;
  /** Sends a good request with changes that must not matter. Asserts 200 and accepts the next refresh token. */
  refresh(changes?: RequestParts): Promise<RawResponse>;
  /** Stores the tokens of an answer, as a client does. */
  acceptTokens(response: RawResponse): void;
  /** Asserts that only `refresh` and `acceptTokens` changed a grant, and that the newest token still refreshes. */
  assertUnchanged(): Promise<void>;
  /** Stops the server. Asserts that its log contains no secret that was sent or received. */
  stopAndReadLog(): Promise<void>;
};

const basicOf = ({ clientId, clientSecret }: MadeClient): string =>
  Buffer.from(`${clientId}:${clientSecret}`).toString('base64');

/** With the names of headers as `RequestParts` of tests write them, so that a change replaces the one of its name. */
const withCapitals = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase()),
      value,
    ]),
  );

/** The parts of a good request of this client with these changes. Headers are replaced one by one. */
export const goodRequest = (
  dialect: FixtureDialect,
  client: MadeClient,
  refreshToken: string,
  { headers, ...changes }: RequestParts = {},
): RequestParts => {
  const {
    path,
    headers: own,
    body,
  } = DIALECTS[dialect].examples.refreshRequest(client, {
    refreshToken,
    brand: BRAND,
  });
  const usual = { Host: 'keyfob.example', Connection: 'close', 'User-Agent': 'trials/1' };
  const good = { ...usual, ...withCapitals(own), ...headers };
  return { target: path, body, ...changes, headers: good };
};

/** The tokens of an answer. */
export const readTokens = ({
  body,
}: RawResponse): { readonly accessToken: string; readonly refreshToken: string } => {
  const answer = JSON.parse(body) as {
    access_token: string;
    refresh_token: string;
    data?: { accessToken: string; refreshToken: string };
  };
  return answer.data ?? { accessToken: answer.access_token, refreshToken: answer.refresh_token };
};

/** Creates a client with a grant, of `BRAND` if the dialect has brands. */
export const makeClientWithGrant = async (
  server: KeyfobServer,
  dialect: DialectName,
): Promise<MadeClient & MadeGrant> => {
  const client = await server.command<MadeClient>('client', 'create', '--dialect', dialect);
  const brand = dialect === 'pleos' ? ['--brand', BRAND] : [];
  const words = ['--client', client.clientId, '--subject', 'owner-1', ...brand];
  const { grantId, accessToken, refreshToken } = await server.command<MadeGrant>('grant', 'create', ...words);
  return { ...client, grantId, accessToken, refreshToken };
};

/** Starts a server with the most detailed log, and the clients and grants of `ServedGrant`. */
export const serveGrant = async (
  dialect: DialectName,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServedGrant> => {
  const server = await startKeyfob({
    args: ['--log-level', 'debug'],
    environment: { ...UNTHROTTLED, ...environment },
  });
  const closed = once(server.child, 'close');
  const [own, otherClient, otherDialectClient] = await Promise.all([
    makeClientWithGrant(server, dialect),
    makeClientWithGrant(server, dialect),
    makeClientWithGrant(server, dialect === 'pleos' ? 'smartcar' : 'pleos'),
  ]);
  const secrets = new Set<string>();
  for (const one of [own, otherClient, otherDialectClient])
    for (const secret of [one.clientSecret, one.accessToken, one.refreshToken, basicOf(one)])
      secrets.add(secret);

  const readGenerations = async (): Promise<Readonly<Record<string, number>>> => {
    const { grants } = await server.command<{ grants: { grantId: string; generation: number }[] }>(
      'grant',
      'list',
    );
    return Object.fromEntries(grants.map(({ grantId, generation }) => [grantId, generation]));
  };

  const served: ServedGrant = {
    server,
    client: own,
    grant: own,
    otherClient,
    otherDialectClient,
    refreshToken: own.refreshToken,
    refreshes: 0,
    addSecrets: (...more) => more.forEach((secret) => secrets.add(secret)),
    parts: (changes) => goodRequest(dialect, own, served.refreshToken, changes),
    async exchange(bytes, options) {
      for (const [, credentials = ''] of String(bytes).matchAll(AUTHORIZATION)) secrets.add(credentials);
      const responses = await sendRaw(server.url, bytes, options);
      assert.equal(responses.length, 1, `expected one response: ${JSON.stringify(responses)}`);
      const [response] = responses as [RawResponse];
      assert.ok(response.status < 500, `unexpected 5xx: ${response.status}`);
      if (response.status >= 400)
        for (const secret of secrets) assert.ok(!response.body.includes(secret), 'a refusal echoes a secret');
      return response;
    },
    async refresh(changes) {
      const response = await served.exchange(writeRequest(served.parts(changes)));
      assert.equal(response.status, 200, response.body);
      served.acceptTokens(response);
      return response;
    },
    acceptTokens(response) {
      const { accessToken, refreshToken } = readTokens(response);
      assert.notEqual(refreshToken, served.refreshToken);
      served.refreshToken = refreshToken;
      served.refreshes++;
      served.addSecrets(accessToken, refreshToken);
    },
    async assertUnchanged() {
      const expected = {
        [own.grantId]: served.refreshes,
        [otherClient.grantId]: 0,
        [otherDialectClient.grantId]: 0,
      };
      assert.deepEqual(await readGenerations(), expected);
      await served.refresh();
    },
    async stopAndReadLog() {
      assert.equal(await server.stop(), 0);
      await closed;
      removeDataDirectory(server.dataDirectory);
      const log = server.log();
      if (served.refreshes > 0) assert.match(log, /"event":"refresh\.rotated"/);
      assert.doesNotMatch(log, /"event":"internal\.failed"/);
      for (const secret of secrets) {
        for (let at = 0; at + PARTS_MIN_CHARACTERS <= secret.length; at++) {
          const part = secret.slice(at, at + PARTS_MIN_CHARACTERS);
          assert.ok(!log.includes(part), `the log contains a part of a secret (from character ${at})`);
        }
      }
    },
  };
  return served;
};
