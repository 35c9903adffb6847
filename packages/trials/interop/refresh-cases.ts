import assert from 'node:assert/strict';
import type { MadeClient } from '../support/keyfob-process.ts';
import type { DialectName } from '../support/dialect-name.ts';
import type { TrialServer } from './trial-server.ts';

/** One refresh by the client under trial: resolves to the successor, rejects with what its library throws. */
export type Refresh = (client: MadeClient, refreshToken: string) => Promise<string>;

/** What a client presents. */
type Presented = { readonly client: MadeClient; readonly refreshToken: string };

/** A refresh that must be refused. */
export type RefusalCase = {
  /** Follows "the refusal of" in a test title. */
  readonly name: string;
  readonly kind: 'dead_token' | 'malformed_token' | 'unauthenticated';
  /** Prepares the refresh. If a token must be used first, the client under trial uses it. */
  arrange(server: TrialServer, refresh: Refresh): Promise<Presented>;
};

/** Refreshes one grant several times in a row and proves that every refresh token was new and that no use was lost. */
export const refreshInARow = async (server: TrialServer, times: number, refresh: Refresh): Promise<void> => {
  const { client } = server;
  const { grantId, refreshToken } = await server.grant(client);
  const tokens = [refreshToken];
  for (let time = 0; time < times; time++) tokens.push(await refresh(client, tokens.at(-1) ?? ''));
  assert.equal(new Set(tokens).size, times + 1);
  const { status, generation } = await server.process.command<{ status: string; generation: number }>(
    'grant',
    'show',
    grantId,
  );
  assert.deepEqual({ status, generation }, { status: 'active', generation: times });
};

/** Refreshes one grant ten times in a row, as `refreshInARow`. */
export const refreshTenTimes = (server: TrialServer, refresh: Refresh): Promise<void> =>
  refreshInARow(server, 10, refresh);

/** The refresh tokens printed in the vendors' pages: well-formed, but never issued by this server. */
const NEVER_ISSUED: Readonly<Record<DialectName, string>> = {
  smartcar: '3e565aed-d4b2-4296-9b4c-aec35825a6aa',
  pleos: 'T9F38OE6PA8CT9V52F30KKKSRA6T5SRDA400',
};

/** Every way in which a well-formed refresh request can be refused. */
export const REFUSAL_CASES: readonly RefusalCase[] = [
  {
    name: 'a refresh token that was used',
    kind: 'dead_token',
    async arrange(server, refresh) {
      const client = server.strictClient;
      const { refreshToken } = await server.grant(client);
      await refresh(client, refreshToken);
      return { client, refreshToken };
    },
  },
  {
    name: 'the successor of a refresh token that was used twice',
    kind: 'dead_token',
    async arrange(server, refresh) {
      const client = server.strictClient;
      const { refreshToken } = await server.grant(client);
      const successor = await refresh(client, refreshToken);
      await assert.rejects(refresh(client, refreshToken));
      return { client, refreshToken: successor };
    },
  },
  {
    name: "another client's refresh token",
    kind: 'dead_token',
    async arrange(server) {
      const { refreshToken } = await server.grant(server.strictClient);
      return { client: server.client, refreshToken };
    },
  },
  {
    name: 'a refresh token that was never issued',
    kind: 'dead_token',
    arrange: async ({ client, dialect }) => ({ client, refreshToken: NEVER_ISSUED[dialect] }),
  },
  {
    name: 'the refresh token of a revoked grant',
    kind: 'dead_token',
    async arrange(server) {
      const { client } = server;
      const { grantId, refreshToken } = await server.grant(client);
      await server.process.command('grant', 'revoke', grantId);
      return { client, refreshToken };
    },
  },
  {
    name: 'a malformed refresh token',
    kind: 'malformed_token',
    arrange: async ({ client }) => ({ client, refreshToken: 'no-refresh-token' }),
  },
  {
    name: 'a wrong client secret',
    kind: 'unauthenticated',
    async arrange(server) {
      const { client, strictClient } = server;
      const { clientSecret } = strictClient;
      const { refreshToken } = await server.grant(client);
      return { client: { ...client, clientSecret }, refreshToken };
    },
  },
  {
    name: 'an unknown client',
    kind: 'unauthenticated',
    arrange: async ({ client, dialect }) => ({
      client: { ...client, clientId: 'no-such-client' },
      refreshToken: NEVER_ISSUED[dialect],
    }),
  },
  {
    name: 'a disabled client',
    kind: 'unauthenticated',
    async arrange(server) {
      const client = await server.register();
      const { refreshToken } = await server.grant(client);
      await server.process.command('client', 'disable', client.clientId);
      return { client, refreshToken };
    },
  },
];

/** A refusal in Smartcar's wire format. */
export type OAuthRefusal = {
  readonly status: number;
  readonly error: string;
  readonly description: RegExp;
};

/** Smartcar's refusal of each kind. */
export const OAUTH_REFUSALS: Readonly<Record<RefusalCase['kind'], OAuthRefusal>> = {
  dead_token: {
    status: 400,
    error: 'invalid_grant',
    description: /^Invalid or expired refresh token\.$/,
  },
  malformed_token: {
    status: 400,
    error: 'invalid_request',
    description: /^Invalid refresh_token: (?!.*no-refresh-token)/,
  },
  unauthenticated: { status: 401, error: 'invalid_client', description: /^Client authentication failed\./ },
};
/** The refusal of a well-formed code that was never issued. */
export const UNKNOWN_CODE: OAuthRefusal = {
  status: 400,
  error: 'invalid_grant',
  description: /^Invalid or expired code\.$/,
};
/** The refusal of a malformed code. */
export const MALFORMED_CODE: OAuthRefusal = {
  status: 400,
  error: 'invalid_request',
  description: /^Invalid code: /,
};
/** The refusal of any other grant type. */
export const UNSUPPORTED_GRANT_TYPE: OAuthRefusal = {
  status: 400,
  error: 'unsupported_grant_type',
  description: /refresh_token, authorization_code or client_credentials/,
};
/** The refusal of client credentials for a client that may not have them. */
export const NOT_PERMITTED: OAuthRefusal = {
  status: 400,
  error: 'unauthorized_client',
  description: /^The client may not do this\.$/,
};
