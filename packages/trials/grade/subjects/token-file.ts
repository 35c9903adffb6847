import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a library gave for a refresh token. */
export type Refreshed = {
  readonly accessToken: unknown;
  /** Absent if the answer had none. */
  readonly refreshToken?: unknown;
  /** The lifetime of the access token. */
  readonly seconds: unknown;
};

const { env } = process;
const now = Number(env['KEYFOB_NOW'] ?? Date.now());
const file = join(env['KEYFOB_STATE'] ?? '.', 'tokens.json');

type Held = { readonly accessToken: unknown; readonly refreshToken: unknown; readonly expiresAt: number };

const read = (): Held =>
  existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Held)
    : {
        accessToken: env['KEYFOB_ACCESS_TOKEN'],
        refreshToken: env['KEYFOB_REFRESH_TOKEN'],
        expiresAt: Number(env['KEYFOB_EXPIRES_AT']),
      };

/**
 * The token file that the documentation of most libraries suggests: read it, refresh if the access token has expired, write it,
 * use the token. Only an error that the library itself calls `invalid_grant` asks for consent.
 */
export const answerNeed = async (
  refresh: (refreshToken: string) => Promise<Refreshed>,
  isDead: (error: unknown) => boolean,
): Promise<void> => {
  const held = read();
  if (now < held.expiresAt) {
    writeFileSync(file, JSON.stringify(held));
    console.log(held.accessToken);
    return;
  }
  try {
    const { accessToken, refreshToken, seconds } = await refresh(String(held.refreshToken));
    const next: Held = { accessToken, refreshToken, expiresAt: now + Number(seconds) * 1000 };
    writeFileSync(file, JSON.stringify(next));
    console.log(accessToken);
  } catch (error) {
    console.error(error);
    process.exitCode = isDead(error) ? 77 : 75;
  }
};
