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

/** For a code that was asked for with another redirect URI. */
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

/** What a library meets from an owner's consent to the first refresh, and where a code is no good. Names read on after its own. */
export const CODE_CASES: readonly {
  readonly name: string;
  run(server: TrialServer, library: Library): Promise<void>;
}[] = [
  {
    name: 'exchanges a code for a first pair, and refreshes it',
    async run(server, { exchange, refresh }) {
      const { client } = server;
      const first = await exchange(client, await server.code(client));
      assert.notEqual(await refresh(client, first), first);
    },
  },
  {
    name: 'is refused a code that it has used, and finds what it got from it dead',
    async run(server, { exchange, refresh, assertRefused }) {
      const { client } = server;
      const code = await server.code(client);
      const first = await exchange(client, code);
      await assertRefused(exchange(client, code), UNKNOWN_CODE);
      await assertRefused(refresh(client, first), OAUTH_REFUSALS.dead_token);
    },
  },
  {
    name: 'is refused a code after its ten minutes',
    async run(server, { exchange, assertRefused }) {
      const { client } = server;
      await assertRefused(exchange(client, await server.code(client, { ageSeconds: 600 })), UNKNOWN_CODE);
    },
  },
  {
    name: "is refused another client's code, which stays good for that one",
    async run(server, { exchange, assertRefused }) {
      const { client, strictClient } = server;
      const code = await server.code(strictClient);
      await assertRefused(exchange(client, code), UNKNOWN_CODE);
      assert.notEqual(await exchange(strictClient, code), '');
    },
  },
  {
    name: 'is refused a code that was asked for with another redirect URI',
    async run(server, { exchange, assertRefused }) {
      const { client } = server;
      const code = await server.code(client, { redirectUri: `${REDIRECT_URI}/` });
      await assertRefused(exchange(client, code), WRONG_REDIRECT);
    },
  },
];
