import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { DialectName, FixtureDialect } from './dialect-name.ts';
import { removeDataDirectory, startKeyfob, UNTHROTTLED } from './keyfob-process.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from './keyfob-process.ts';
import { sendRaw, writeRequest } from './raw-request.ts';
import type { RawResponse, RequestParts } from './raw-request.ts';

/** Brand of every Pleos grant here. */
export const BRAND = 'hyundai';

const PARTS_MIN_CHARACTERS = 12;
const AUTHORIZATION = /^authorization: *\w+ +(?<credentials>[A-Za-z0-9+/=]+)\r$/gim;

/**
 * A server under trial with one good grant of one client, whose newest refresh token is kept here, and with the
 * credentials of others that must not work for it.
 */
export type ServedGrant = {
  readonly server: KeyfobServer;
  readonly client: MadeClient;
  readonly grant: MadeGrant;
  /** Another client of the same dialect, and a grant of its. */
  readonly stranger: MadeClient & MadeGrant;
  /** A client of the other dialect, and a grant of its. */
  readonly outsider: MadeClient & MadeGrant;
  /** The newest refresh token. */
  refreshToken: string;
  /** How often the grant has been refreshed as it should be. */
  refreshes: number;
  /** Adds strings that the log must not contain. */
  keepSecret(...secrets: readonly string[]): void;
  /** The parts of a good request, with these instead of its own; headers one by one. */
  parts(changes?: RequestParts): RequestParts;
  /**
   * Sends bytes and answers the only response there was. None may be a 5xx, and no refusal may echo a secret.
   * Credentials sent in an `Authorization` header are noted as secret.
   */
  exchange(bytes: Buffer | string, options?: { readonly isCutShort?: boolean }): Promise<RawResponse>;
  /** A good request, changed so that it must still be good: 200 and the next refresh token. */
  refresh(changes?: RequestParts): Promise<RawResponse>;
  /** Takes over what an answer gave, as a client would. */
  take(response: RawResponse): void;
  /** No grant has moved but by `refresh` and `take`, and the newest token still refreshes. */
  assertUnmoved(): Promise<void>;
  /** Stops the server; nothing secret that was sent to it, or came from it, is in its log. */
  stopAndReadLog(): Promise<void>;
};

const basicOf = ({ clientId, clientSecret }: MadeClient): string =>
  Buffer.from(`${clientId}:${clientSecret}`).toString('base64');

/** The good request of each dialect, as its API page shows it. */
const GOOD_REQUESTS: Readonly<Record<FixtureDialect, (client: MadeClient, token: string) => RequestParts>> = {
  smartcar: (client, token) => ({
    target: '/oauth/token',
    headers: {
      Host: 'keyfob.example',
      Connection: 'close',
      'User-Agent': 'trials/1',
      Authorization: `Basic ${basicOf(client)}`,
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    body: `grant_type=refresh_token&refresh_token=${token}`,
  }),
  oauth: (client, token) => ({
    target: '/token',
    headers: {
      Host: 'keyfob.example',
      Connection: 'close',
      Authorization: `Basic ${basicOf(client)}`,
      'Content-Type': 'application/x-www-form-urlencoded',
    },
    body: `grant_type=refresh_token&refresh_token=${token}`,
  }),
  pleos: ({ clientId, clientSecret }, refreshToken) => ({
    target: '/v1/auth/token-refresh',
    headers: {
      Host: 'keyfob.example',
      Connection: 'close',
      'Content-Type': 'application/json',
      Brand: BRAND,
    },
    body: JSON.stringify({ clientId, clientSecret, refreshToken }),
  }),
};

/** The parts of a good request of this client, with these instead of its own; headers one by one. */
export const goodRequest = (
  dialect: FixtureDialect,
  client: MadeClient,
  refreshToken: string,
  { headers, ...changes }: RequestParts = {},
): RequestParts => {
  const good = GOOD_REQUESTS[dialect](client, refreshToken);
  return { ...good, ...changes, headers: { ...good.headers, ...headers } };
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

/** A client with a grant of `BRAND`, where the dialect has brands. */
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

/** Starts a server that logs everything it can, with clients and grants as `ServedGrant` says. */
export const serveGrant = async (
  dialect: DialectName,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServedGrant> => {
  const server = await startKeyfob({
    args: ['--log-level', 'debug'],
    environment: { ...UNTHROTTLED, ...environment },
  });
  const closed = once(server.child, 'close');
  const [own, stranger, outsider] = await Promise.all([
    makeClientWithGrant(server, dialect),
    makeClientWithGrant(server, dialect),
    makeClientWithGrant(server, dialect === 'pleos' ? 'smartcar' : 'pleos'),
  ]);
  const secrets = new Set<string>();
  for (const one of [own, stranger, outsider])
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
    stranger,
    outsider,
    refreshToken: own.refreshToken,
    refreshes: 0,
    keepSecret: (...more) => more.forEach((secret) => secrets.add(secret)),
    parts: (changes) => goodRequest(dialect, own, served.refreshToken, changes),
    async exchange(bytes, options) {
      for (const [, credentials = ''] of String(bytes).matchAll(AUTHORIZATION)) secrets.add(credentials);
      const responses = await sendRaw(server.url, bytes, options);
      assert.equal(responses.length, 1, `one response was to come: ${JSON.stringify(responses)}`);
      const [response] = responses as [RawResponse];
      assert.ok(response.status < 500, `never a 5xx: ${response.status}`);
      if (response.status >= 400)
        for (const secret of secrets) assert.ok(!response.body.includes(secret), 'a refusal echoes a secret');
      return response;
    },
    async refresh(changes) {
      const response = await served.exchange(writeRequest(served.parts(changes)));
      assert.equal(response.status, 200, response.body);
      served.take(response);
      return response;
    },
    take(response) {
      const { accessToken, refreshToken } = readTokens(response);
      assert.notEqual(refreshToken, served.refreshToken);
      served.refreshToken = refreshToken;
      served.refreshes++;
      served.keepSecret(accessToken, refreshToken);
    },
    async assertUnmoved() {
      const expected = { [own.grantId]: served.refreshes, [stranger.grantId]: 0, [outsider.grantId]: 0 };
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
          assert.ok(!log.includes(part), `characters ${at} and following of a secret are in the log`);
        }
      }
    },
  };
  return served;
};
