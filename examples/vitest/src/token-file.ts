import { readFile, rename, writeFile } from 'node:fs/promises';

/** What an owner's consent gave us. Times in milliseconds since 1970. */
export type Tokens = {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessExpiresAtMs: number;
  readonly refreshedAtMs: number;
  /** The vendor refused the refresh token: only the owner can help. */
  readonly needsConsent?: boolean;
};

export const readTokens = async (path: string): Promise<Tokens> =>
  JSON.parse(await readFile(path, 'utf8')) as Tokens;

/** Replaces the file in one step: a crash leaves the old tokens or the new ones. */
export const writeTokens = async (path: string, tokens: Tokens): Promise<void> => {
  await writeFile(`${path}.new`, JSON.stringify(tokens), { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
};
