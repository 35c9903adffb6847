import { readTokens, writeTokens } from './token-file.ts';
import type { Tokens } from './token-file.ts';

/** Only the owner can help: their consent has ended. */
export class ConsentNeeded extends Error {}
/** Try again later: the vendor is in trouble. */
export class VendorUnavailable extends Error {}

type Options = {
  /** The vendor's host. */
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The file with the tokens of one owner. */
  readonly path: string;
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
};

const ATTEMPTS = 5;
const MINUTE_MS = 60_000;
const REFRESH_AFTER_MS = 30 * 24 * 60 * MINUTE_MS;

/** The tokens of one owner's cars at Smartcar. */
export const createCarTokens = ({
  origin,
  clientId,
  clientSecret,
  path,
  now = Date.now,
  sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
}: Options) => {
  let running: Promise<Tokens> | undefined;
  /** All callers share one refresh, because the refresh token works once. */
  const refresh = (): Promise<Tokens> => {
    running ??= refreshNow().finally(() => (running = undefined));
    return running;
  };

  const refreshNow = async (): Promise<Tokens> => {
    const tokens = await readTokens(path);
    if (tokens.needsConsent) throw new ConsentNeeded();
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const response = await post(tokens.refreshToken);
      const answer = await response?.json().catch(() => undefined);
      if (response?.status === 200 && typeof answer?.access_token === 'string') {
        const next = {
          accessToken: answer.access_token,
          refreshToken: answer.refresh_token ?? tokens.refreshToken,
          accessExpiresAtMs: now() + answer.expires_in * 1000,
          refreshedAtMs: now(),
        };
        await writeTokens(path, next);
        return next;
      }
      if (answer?.error === 'invalid_grant') {
        await writeTokens(path, { ...tokens, needsConsent: true });
        throw new ConsentNeeded();
      }
      // No answer does not mean that nothing happened: only the same token may be sent again.
      const asked = Number(response?.headers.get('retry-after') ?? 0) * 1000;
      if (attempt < ATTEMPTS) await sleep(Math.max(asked, 2 ** attempt * 1000));
    }
    throw new VendorUnavailable();
  };

  const post = (refreshToken: string): Promise<Response | undefined> =>
    fetch(`${origin}/oauth/token`, {
      method: 'POST',
      redirect: 'error',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
      signal: AbortSignal.timeout(30_000),
    }).catch(() => undefined);

  return {
    /** A token that works for a minute at least. */
    async accessToken(): Promise<string> {
      const tokens = await readTokens(path);
      return tokens.accessExpiresAtMs - now() > MINUTE_MS
        ? tokens.accessToken
        : (await refresh()).accessToken;
    },
    /** To be called once a day: a refresh token that nobody uses dies after 60 days. */
    async keepAlive(): Promise<void> {
      const { refreshedAtMs } = await readTokens(path);
      if (now() - refreshedAtMs >= REFRESH_AFTER_MS) await refresh();
    },
  };
};
