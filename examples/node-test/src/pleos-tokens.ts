import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';

/** The tokens of one owner. Times in milliseconds since 1970. */
export type Tokens = {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly refreshedAtMs: number;
};

/** How it went: only `consent_needed` is final. */
export type Outcome = 'fresh' | 'unavailable' | 'consent_needed';

type Options = {
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly path: string;
  readonly now: () => number;
};

/** Half of the 90 days for which a refresh token of Pleos lives. */
const REFRESH_AFTER_MS = 45 * 24 * 3_600_000;
const ATTEMPTS = 2;

/** Keeps the tokens of one owner at Pleos. `refresh` may be called at any time, also by several at once. */
export const createPleosTokens = ({ baseUrl, clientId, clientSecret, path, now }: Options) => {
  let running: Promise<Outcome> | undefined;
  let quietUntilMs = 0;
  let isDead = false;

  const read = async (): Promise<Tokens> => JSON.parse(await readFile(path, 'utf8')) as Tokens;
  const write = async (tokens: Tokens): Promise<void> => {
    await writeFile(`${path}.new`, JSON.stringify(tokens), { mode: 0o600, flush: true });
    await rename(`${path}.new`, path);
  };

  const refreshNow = async (): Promise<Outcome> => {
    if (isDead) return 'consent_needed';
    if (now() < quietUntilMs) return 'unavailable';
    const { refreshToken } = await read();
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const response = await fetch(`${baseUrl}/v1/auth/token-refresh`, {
        method: 'POST',
        redirect: 'error',
        headers: { 'content-type': 'application/json', brand: 'hyundai', 'x-request-id': randomUUID() },
        body: JSON.stringify({ clientId, clientSecret, refreshToken }),
        signal: AbortSignal.timeout(30_000),
      }).catch(() => undefined);
      const answer = await response?.json().catch(() => undefined);
      if (typeof answer?.data?.refreshToken === 'string') {
        await write({ ...answer.data, refreshedAtMs: now() });
        return 'fresh';
      }
      if (answer?.error?.code === '4002') {
        isDead = true;
        return 'consent_needed';
      }
      // A whole answer that is no verdict. Of a 200 that broke off, the same token brings the rest.
      if (response !== undefined && response.status !== 200) {
        quietUntilMs = now() + Number(response.headers.get('retry-after') ?? 60) * 1000;
        return 'unavailable';
      }
    }
    return 'unavailable';
  };

  const refresh = (): Promise<Outcome> => {
    running ??= refreshNow().finally(() => (running = undefined));
    return running;
  };

  return {
    refresh,
    read,
    write,
    /** To be called once a day. */
    async keepAlive(): Promise<Outcome> {
      const { refreshedAtMs } = await read();
      return now() - refreshedAtMs < REFRESH_AFTER_MS ? 'fresh' : refresh();
    },
  };
};
