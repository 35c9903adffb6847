import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { directoryFor, serverFor } from '../support/test-directory.ts';
import { paste } from './guide.ts';

/**
 * Defines the test of a program of the guide that checks the JWT in `ACCESS_TOKEN`. It must print the owner, the client and the
 * scope of a token for its audience, the issuer, and fail for a token for another audience. `place` puts the program into a
 * folder, and returns the lines that run it.
 */
export const testJwtCheck = (
  name: string,
  environment: Readonly<Record<string, string>>,
  place: (folder: string) => string,
): void => {
  test(`docs/guide/resource-server.md shows a program with ${name} that accepts JWTs for its audience only`, async (t) => {
    const server = await serverFor(t);
    const client = await server.command<MadeClient>('client', 'create', '--dialect', 'smartcar');
    const words = ['--client', client.clientId, '--subject', 'owner-1', '--scope', 'read_odometer'];
    const { refreshToken } = await server.command<MadeGrant>('grant', 'create', ...words);
    const setAudience = (audience: string) =>
      server.command(
        'client',
        'set',
        client.clientId,
        '--access-token-format',
        'jwt',
        '--audience',
        audience,
      );
    const folder = directoryFor(t);
    const lines = place(folder);
    const check = (accessToken: string): Promise<string> =>
      paste(lines, { ...environment, ISSUER: server.url, ACCESS_TOKEN: accessToken }, folder);

    await setAudience(server.url);
    const first = await refreshSmartcar(server.url, client, refreshToken);
    assert.equal((await check(first.accessToken)).trim(), `owner-1 ${client.clientId} read_odometer`);
    await setAudience('https://other.example');
    const second = await refreshSmartcar(server.url, client, first.refreshToken);
    await assert.rejects(check(second.accessToken), /aud/i);
  });
};
