import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
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
};

/**
 * Proves that a program stores each new refresh token, keeps the token in an outage, reports a wrong secret as such, and asks
 * for consent only when the grant is gone.
 */
export const proveRefreshProgram = async (
  server: KeyfobServer,
  { folder, lines, environment }: RefreshProgram,
): Promise<void> => {
  const client = await server.command<MadeClient>('client', 'create', '--dialect', 'smartcar');
  const words = ['--client', client.clientId, '--subject', 'owner-1'];
  const { grantId, refreshToken } = await server.command<MadeGrant>('grant', 'create', ...words);
  const file = join(folder, 'tokens.json');
  const held = (): string =>
    (JSON.parse(readFileSync(file, 'utf8')) as { readonly refresh_token: string }).refresh_token;
  const run = async (secret = client.clientSecret): Promise<string> => {
    const credentials = { ISSUER: server.url, CLIENT_ID: client.clientId, CLIENT_SECRET: secret };
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
  assert.equal(held(), seen.at(-1));
  assert.equal(await run(), 'refreshed');

  await server.command('grant', 'revoke', grantId);
  assert.equal(await run(), 'ask the owner again');
};
