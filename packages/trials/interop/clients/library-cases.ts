import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CODE_CASES, REDIRECT_URI } from '../code-cases.ts';
import type { AssertRefused } from '../code-cases.ts';
import { OAUTH_REFUSALS, REFUSAL_CASES, refreshInARow } from '../refresh-cases.ts';
import type { Refresh } from '../refresh-cases.ts';
import { lockStore } from '../../support/store-lock.ts';
import { openTrialServer } from '../trial-server.ts';
import type { TrialServer } from '../trial-server.ts';
import type { MadeClient } from '../../support/keyfob-process.ts';
import { ClientThrew, startClientProgram } from './client-program.ts';
import type { ClientCall, ClientCommand, ClientProgram, SeenError } from './client-program.ts';

/** A library of another language, used in one way. */
export type Library = {
  /** The name by which the program of the language knows it. */
  readonly name: string;
  /** Calls in which clients use one refresh token at the same moment, and how many do. */
  readonly races: readonly { readonly call: 'race' | 'share'; readonly racers: number }[];
  /** The type of the library's error for an error code of RFC 6749 §5.2. */
  readonly typeOf: (error: string) => string;
  /** Whether the library's error for a refusal has the HTTP status. */
  readonly hasStatus: boolean;
  /** What the user sees while the store of the server is down. */
  readonly outage: Partial<SeenError>;
};

const TIMES = 12;

const only = (tokens: readonly string[]): string => tokens[0] ?? assert.fail('no refresh token');

/** How a library reports a refusal. */
const refusalOf =
  ({ typeOf, hasStatus }: Library): AssertRefused =>
  (request, { status, error, description }) =>
    assert.rejects(request, (thrown: unknown) => {
      assert.ok(thrown instanceof ClientThrew, String(thrown));
      const { seen } = thrown;
      assert.deepEqual([seen.error, seen.type], [error, typeOf(error)]);
      assert.match(seen.description ?? '', description);
      assert.equal(seen.status, hasStatus ? status : null);
      return true;
    });

/** Defines the tests of a library: twelve refreshes, every refusal, an outage, races, and code exchanges. */
export const describeLibrary = (command: ClientCommand, library: Library): void => {
  describe(library.name, () => {
    let server: TrialServer;
    let program: ClientProgram;
    before(async () => {
      server = await openTrialServer('smartcar');
      program = startClientProgram(command, server.url);
    });
    after(async () => {
      await program.stop();
      await server.close();
    });

    const ask = (
      call: ClientCall['call'],
      { clientId, clientSecret }: MadeClient,
      more: Readonly<Record<string, string | number>>,
    ): Promise<readonly string[]> =>
      program.ask({
        library: library.name,
        call,
        url: `${server.url}/oauth/token`,
        clientId,
        clientSecret,
        ...more,
      });
    const refresh: Refresh = async (client, refreshToken) =>
      only(await ask('refresh', client, { refreshToken }));
    const exchange: Refresh = async (client, code) =>
      only(await ask('exchange', client, { code, redirectUri: REDIRECT_URI }));
    const assertRefused = refusalOf(library);

    test(`refreshes a grant ${TIMES} times in a row, each time with its newest token`, async () => {
      await refreshInARow(server, TIMES, refresh);
    });

    for (const { name, kind, arrange } of REFUSAL_CASES)
      test(`reports the refusal of ${name}`, async () => {
        const { client, refreshToken } = await arrange(server, refresh);
        await assertRefused(refresh(client, refreshToken), OAUTH_REFUSALS[kind]);
      });

    test('reports an outage as an outage, after which the same refresh token works', async () => {
      const { client } = server;
      const { refreshToken } = await server.grant(client);
      const unlock = lockStore(server.process);
      try {
        await assert.rejects(refresh(client, refreshToken), (thrown: unknown) => {
          assert.ok(thrown instanceof ClientThrew, String(thrown));
          assert.partialDeepStrictEqual(thrown.seen, library.outage);
          return true;
        });
      } finally {
        unlock();
      }
      assert.notEqual(await refresh(client, refreshToken), refreshToken);
    });

    for (const { call, racers } of library.races)
      test(`${RACES[call](racers)} get one successor`, async () => {
        const { client } = server;
        const { grantId, refreshToken } = await server.grant(client);
        const successors = await ask(call, client, { refreshToken, racers });
        assert.equal(successors.length, racers);
        assert.equal(new Set(successors).size, 1);
        assert.notEqual(successors[0], refreshToken);
        const shown = await server.process.command<object>('grant', 'show', grantId);
        assert.partialDeepStrictEqual(shown, { status: 'active', generation: 1 });
      });

    for (const one of CODE_CASES) test(one.name, () => one.run(server, { exchange, refresh, assertRefused }));
  });
};

const RACES: Readonly<Record<Library['races'][number]['call'], (racers: number) => string>> = {
  race: (racers) => `${racers} clients that refresh the same token at the same moment`,
  share: (racers) => `${racers} callers that share one source of tokens`,
};
