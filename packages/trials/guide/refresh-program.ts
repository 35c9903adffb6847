import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { lockStore } from '../support/store-lock.ts';
import type { KeyfobServer, MadeClient, MadeGrant } from '../support/keyfob-process.ts';
import { paste } from './guide.ts';

/** A program of the guide that refreshes the token in `tokens.json` of its folder once, and prints what an app should do. */
export type RefreshProgram = {
  /** The folder in which it runs. */
  readonly folder: string;
  /** What to run in a shell there, with `ISSUER`, `CLIENT_ID` and `CLIENT_SECRET` in the environment. */
  readonly lines: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it gives up by itself where no answer comes. */
  readonly givesUp: boolean;
};

/**
 * Proves that a program stores each new refresh token, keeps the token in an outage, reports a wrong secret as such, gives up
 * on a server that does not answer, and asks for consent only when the grant is gone.
 */
export const proveRefreshProgram = async (
  server: KeyfobServer,
  { folder, lines, environment, givesUp }: RefreshProgram,
): Promise<void> => {
  const client = await server.command<MadeClient>('client', 'create', '--dialect', 'smartcar');
  const words = ['--client', client.clientId, '--subject', 'owner-1'];
  const { grantId, refreshToken } = await server.command<MadeGrant>('grant', 'create', ...words);
  const file = join(folder, 'tokens.json');
  const held = (): string =>
    (JSON.parse(readFileSync(file, 'utf8')) as { readonly refresh_token: string }).refresh_token;
  const run = async (secret = client.clientSecret, issuer = server.url): Promise<string> => {
    const credentials = { ISSUER: issuer, CLIENT_ID: client.clientId, CLIENT_SECRET: secret };
    const printed = await paste(lines, { ...environment, ...credentials }, folder);
    return printed.trim().split('\n').at(-1) ?? '';
  };
  writeFileSync(file, JSON.stringify({ refresh_token: refreshToken }));
  const seen = [refreshToken];
  for (let turn = 0; turn < 2; turn++) {
    assert.equal(await run(), 'refreshed');
    seen.push(held());
  }
  assert.equal(new Set(seen).size, 3);
  const shown = await server.command<object>('grant', 'show', grantId);
  assert.partialDeepStrictEqual(shown, { status: 'active', generation: 2 });

  assert.equal(await run('wrong'), 'wrong client id or secret');
  const unlock = lockStore(server);
  try {
    assert.equal(await run(), 'try later with the same token');
  } finally {
    unlock();
  }
  if (givesUp)
    await withSilentServer(async (url) =>
      assert.equal(await run(client.clientSecret, url), 'try later with the same token'),
    );
  assert.equal(held(), seen.at(-1));
  assert.equal(await run(), 'refreshed');

  await server.command('grant', 'revoke', grantId);
  assert.equal(await run(), 'ask the owner again');
};

/** Runs an action with a server that accepts connections and never answers. */
const withSilentServer = async (act: (url: string) => Promise<void>): Promise<void> => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  try {
    await act(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
  } finally {
    silent.close();
    for (const socket of sockets) socket.destroy();
  }
};
