import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { removeDataDirectory, startKeyfob } from '../support/keyfob-process.ts';
import type { KeyfobServer } from '../support/keyfob-process.ts';
import { directoryFor } from '../support/test-directory.ts';
import { paste } from './guide.ts';
import { proveRefreshProgram } from './refresh-program.ts';

/** Puts what a page shows into a folder. Returns the lines to run there. */
type Place = (folder: string) => string | Promise<string>;

/** What a page for the clients of one language shows. */
export type ClientsPage = {
  readonly page: string;
  /** What the environment needs besides `ISSUER`, `CLIENT_ID` and `CLIENT_SECRET`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Prints the address to which the SDK sends owners for consent. */
  readonly showConsentPage?: Place;
  /** The programs that refresh, by the name of their library. */
  readonly programs: Readonly<Record<string, Place>>;
  /** The names of those that wait for minutes where no answer comes, because their library has no setting for it. */
  readonly waiting?: readonly string[];
};

/** Defines the tests of a page. */
export const describeClientsPage = ({
  page,
  environment,
  showConsentPage,
  programs,
  waiting = [],
}: ClientsPage): void => {
  describe(`docs/guide/${page}`, () => {
    let server: KeyfobServer;
    before(async () => {
      server = await startKeyfob();
    });
    after(async () => {
      await server.stop();
      removeDataDirectory(server.dataDirectory);
    });

    if (showConsentPage !== undefined)
      test('points the SDK here for consent too', async (t) => {
        const folder = directoryFor(t);
        const lines = await showConsentPage(folder);
        const credentials = { ISSUER: server.url, CLIENT_ID: 'id', CLIENT_SECRET: 'secret' };
        const printed = await paste(lines, { ...environment, ...credentials }, folder);
        assert.ok(printed.startsWith(`${server.url}/oauth/authorize?`), printed);
      });

    for (const [name, place] of Object.entries(programs))
      test(`shows a program with ${name} that stores each token, waits in an outage, and asks for consent only without a grant`, async (t) => {
        const folder = directoryFor(t);
        const lines = await place(folder);
        const givesUp = !waiting.includes(name);
        await proveRefreshProgram(server, { folder, lines, environment, givesUp });
      });
  });
};
