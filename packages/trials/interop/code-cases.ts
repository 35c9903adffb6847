import assert from 'node:assert/strict';
import { REDIRECT_URI } from '../support/code-maker.ts';
import type { MadeClient } from '../support/keyfob-process.ts';
import { OAUTH_REFUSALS, UNKNOWN_CODE } from './refresh-cases.ts';
import type { OAuthRefusal, Refresh } from './refresh-cases.ts';
import type { TrialServer } from './trial-server.ts';

export { REDIRECT_URI };

/** One exchange by the client under trial, from `REDIRECT_URI`: resolves to the refresh token. */
export type Exchange = (client: MadeClient, code: string) => Promise<string>;

/** How a library reports a refusal. */
export type AssertRefused = (request: Promise<unknown>, refusal: OAuthRefusal) => Promise<void>;

/** The refusal of a code that was requested with another redirect URI. */
const WRONG_REDIRECT: OAuthRefusal = {
  status: 400,
  error: 'invalid_grant',
  description: /^Unauthorized redirect_uri\.$/,
};

type Library = {
  readonly exchange: Exchange;
  readonly refresh: Refresh;
  readonly assertRefused: AssertRefused;
};

/** Code exchanges and refusals that every library must handle. A test title is the library's name followed by `name`. */
export const CODE_CASES: readonly {
  readonly name: string;
  run(server: TrialServer, library: Library): Promise<void>;
}[] = [
  {
    name: 'exchanges a code for the first tokens, and refreshes them',
    async run(server, { exchange, refresh }) {
      const { client } = server;
      const first = await exchange(client, await server.code(client));
      assert.notEqual(await refresh(client, first), first);
    },
  },
  {
    name: 'cannot use a code twice, but keeps the tokens of the first use where its page is reloaded',
    async run(server, { exchange, refresh, assertRefused }) {
      const { client } = server;
      const code = await server.code(client);
      const first = await exchange(client, code);
      await assertRefused(exchange(client, code), UNKNOWN_CODE);
      assert.notEqual(await refresh(client, first), first);
    },
  },
  {
    name: 'loses the tokens of a code that another client uses too',
    async run(server, { exchange, refresh, assertRefused }) {
      const { client, strictClient } = server;
      const code = await server.code(client);
      const first = await exchange(client, code);
      await assertRefused(exchange(strictClient, code), UNKNOWN_CODE);
      await assertRefused(refresh(client, first), OAUTH_REFUSALS.dead_token);
    },
  },
  {
    name: 'cannot use a code after ten minutes',
    async run(server, { exchange, assertRefused }) {
      const { client } = server;
      await assertRefused(exchange(client, await server.code(client, { ageSeconds: 600 })), UNKNOWN_CODE);
    },
  },
  {
    name: "cannot use another client's code, which stays valid for that client",
    async run(server, { exchange, assertRefused }) {
      const { client, strictClient } = server;
      const code = await server.code(strictClient);
      await assertRefused(exchange(client, code), UNKNOWN_CODE);
      assert.notEqual(await exchange(strictClient, code), '');
    },
  },
  {
    name: 'cannot use a code that was requested with another redirect URI',
    async run(server, { exchange, assertRefused }) {
      const { client } = server;
      const code = await server.code(client, { redirectUri: `${REDIRECT_URI}/` });
      await assertRefused(exchange(client, code), WRONG_REDIRECT);
    },
  },
];
